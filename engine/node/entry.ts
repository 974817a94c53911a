/** Entry point of the Node executable: a startup snapshot with every plugin loaded. */

import { main } from '../../main.ts'
import { plugins } from '../../plugins/registry.ts'
import { start } from './start.ts'

start(main, async () => {
  await import('../../shared/cni/run.ts')
  for (const load of Object.values(plugins)) await load()
})
