/** Whether an executable is what its sources say: tests of an older one would pass or fail for nothing. */

import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What executables are built from. */
const sources = ['main.ts', '{cli,engine,plugins,shared}/**/*.{ts,c,h}']

/** A source that was changed after an executable was built, by its path from the root; undefined when there is none. */
export function changedSince(executable: string, root: string): string | undefined {
  const built = statSync(executable).mtimeMs
  return globSync(sources, { cwd: root }).find((file) => statSync(join(root, file)).mtimeMs > built)
}
