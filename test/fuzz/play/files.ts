/** Lists files. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The paths of everything below a directory except directories; none when there is no such directory. */
export function filesBelow(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true, recursive: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name))
  } catch {
    return []
  }
}
