/** Whether an executable is newer than its sources: tests of an older one mean nothing. */

import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The sources of executables. */
const sources = ['main.ts', '{cli,engine,plugins,shared}/**/*.{ts,c,h}']

/** The path, from the root, of a source that changed after an executable was built; undefined without one. */
export function changedSince(executable: string, root: string): string | undefined {
  const built = statSync(executable).mtimeMs
  return globSync(sources, { cwd: root }).find((file) => statSync(join(root, file)).mtimeMs > built)
}
