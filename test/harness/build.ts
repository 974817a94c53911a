/** Builds the named executables, where a source is newer: `build.ts quickjs node test`. */

import { builds, oneOf } from '../../scripts/build/target.ts'
import { reportMissing } from '../../scripts/setup.ts'
import { ensureBuilt } from './built.ts'

await reportMissing(async () => {
  for (const name of process.argv.slice(2)) await ensureBuilt(oneOf(builds, name, 'build'))
})
