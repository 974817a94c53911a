/** Entry point of the Node executable: a startup snapshot with every plugin loaded and every schema made. */

import { main } from '../../main.ts'
import { useSchemas } from '../../plugins/schemas.ts'
import { start } from './start.ts'

start(main, async () => {
  await import('../../shared/cni/run.ts')
  await useSchemas()
})
