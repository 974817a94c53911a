/** What test files say of themselves in lines near their top: `// needs: link vlan, nft ip`, `// packages: can-utils`. */

import { readFileSync } from 'node:fs'

/** The words that a source lists behind `// needs:`, say. */
export function declared(source: string, word: 'needs' | 'packages'): string[] {
  const lines = source.matchAll(new RegExp(`^// ${word}: (.+)$`, 'gm'))
  return [...lines].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
}

/** The Debian packages that test files run besides the usual tools. */
export function packagesOf(files: readonly string[]): string[] {
  return [...new Set(files.flatMap((file) => declared(readFileSync(file, 'utf8'), 'packages')))]
}
