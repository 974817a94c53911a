/** What test files need, by lines near their top: `// needs: link vlan, nft ip`, `// packages: can-utils`, `// unpacked: radvd`, `// newest: …`, `// etcd: 3.4, 3.5`, `// slow: QEMU`. */

import { readFileSync } from 'node:fs'

/** The words that a source lists after a label, such as `// needs:`. */
export function declared(
  source: string,
  word: 'etcd' | 'needs' | 'newest' | 'packages' | 'roots' | 'slow' | 'unpacked',
): string[] {
  const lines = source.matchAll(new RegExp(`^// ${word}: (.+)$`, 'gm'))
  return [...lines].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
}

/** Whether a test file runs only with `npm run test:full`, or when it is named. */
export function isSlow(file: string): boolean {
  return declared(readFileSync(file, 'utf8'), 'slow').length > 0
}

/** What test files need besides the usual tools: Debian packages, installed, unpacked only, or unpacked in Debian's newest version; versions of etcd. */
export function packagesOf(
  files: readonly string[],
  word: 'packages' | 'unpacked' | 'newest' | 'etcd' = 'packages',
): string[] {
  return [...new Set(files.flatMap((file) => declared(readFileSync(file, 'utf8'), word)))]
}
