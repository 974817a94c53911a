/**
 * zod's JSON Schemas are for `patchbay schema` alone. Its index exports them beside the schemas, which would bring them into the heap
 * with these: there the index is without them, and `zod/v4/core`, which only shared/config/jsonschema.ts imports, is the file that makes them.
 */

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

const jsonSchemaExports = /^export .* from "[^"]*\/(?:to-json-schema|json-schema-[a-z]+)\.js";$/gm

const jsonSchemas = fileURLToPath(import.meta.resolve('zod/v4/core')).replace(
  /index\.js$/,
  'json-schema-processors.js',
)

export const zodModules: Plugin = {
  name: 'zod-modules',
  setup(build) {
    build.onResolve({ filter: /^zod\/v4\/core$/ }, () => ({ path: jsonSchemas, sideEffects: false }))
    build.onLoad({ filter: /zod\/v4\/(core\/index|mini\/external)\.js$/ }, async ({ path }) => {
      return { contents: (await readFile(path, 'utf8')).replace(jsonSchemaExports, ''), loader: 'js' }
    })
  },
}
