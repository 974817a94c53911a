/**
 * Turns lazy imports into ordinary ones, for QuickJS: its build evaluates all modules (docs/engine.md), so that a module costs
 * nothing until it is called, but to find it by its name does. Imports of rare modules stay lazy.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

const lazyImport = /\bimport\('([^']+)'\)/g

/**
 * `await import('./x.ts')` becomes `await Promise.resolve(lazy0)`, with an import of `lazy0` at the end of the text, where it moves no line.
 * @param staysLazy whether an import stays as it is
 */
function toEager(text: string, staysLazy: (specifier: string) => boolean): string {
  const specifiers: string[] = []
  const eager = text.replace(lazyImport, (whole, specifier) =>
    staysLazy(specifier) ? whole : `Promise.resolve(lazy${specifiers.push(specifier) - 1})`,
  )
  const imports = specifiers.map((specifier, index) => `import * as lazy${index} from '${specifier}'`)
  return [eager, ...imports].join('\n')
}

/** @param rare absolute paths */
export const eagerImports = (rare: ReadonlySet<string>): Plugin => ({
  name: 'eager-imports',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const isRare = (specifier: string) => rare.has(join(path, '..', specifier))
      return { contents: toEager(await readFile(path, 'utf8'), isRare), loader: 'ts' }
    })
  },
})
