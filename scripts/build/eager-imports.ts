/**
 * Turns lazy imports into ordinary ones, for QuickJS: its build evaluates all modules (docs/engine.md), so that a module costs
 * nothing until it is called, but to find it by its name does.
 */

import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'

const lazyImport = /\bimport\(('[^']+')\)/g

/** `await import('./x.ts')` becomes `await Promise.resolve(lazy0)`, with an import of `lazy0` at the end of the text, where it moves no line. */
function toEager(text: string): string {
  const specifiers: string[] = []
  const eager = text.replace(
    lazyImport,
    (_, specifier) => `Promise.resolve(lazy${specifiers.push(specifier) - 1})`,
  )
  return [eager, ...specifiers.map((specifier, index) => `import * as lazy${index} from ${specifier}`)].join(
    '\n',
  )
}

export const eagerImports: Plugin = {
  name: 'eager-imports',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      return { contents: toEager(await readFile(path, 'utf8')), loader: 'ts' }
    })
  },
}
