/** Entry point of the Node executable: a startup snapshot with the plugins loaded and their schemas made. */

import { main } from '../../main.ts'
import { useSchemas } from '../../plugins/schemas.ts'
import { start } from './start.ts'

start(main, async () => {
  await import('../../shared/cni/run.ts')
  // Reading a snapshot costs every call: few are of dhcp, which brings many modules.
  await useSchemas(['dhcp'])
})
