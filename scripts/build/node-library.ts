/**
 * The packages that speak with etcd (`@grpc/grpc-js`, `protobufjs`) as a script of their own, an asset of the Node executable: few calls
 * need them, and what is in the startup snapshot every call reads.
 */

import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const root = new URL('../..', import.meta.url).pathname

/** By their specifiers, and what the script exports them as. */
const packages = { '@grpc/grpc-js': 'grpc', 'protobufjs/minimal.js': 'protobuf' } as const

/** The asset's name. */
export const libraryAsset = 'library.cjs'

/** gRPC loads it for two services (channelz, ORCA) that are not called. */
const withoutLoader: Plugin = {
  name: 'without-loader',
  setup(build) {
    build.onResolve({ filter: /^@grpc\/proto-loader$/ }, ({ path }) => ({ path, namespace: 'none' }))
    build.onLoad({ filter: /./, namespace: 'none' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** Writes the script into a directory. */
export async function bundleLibrary(directory: string): Promise<void> {
  const exports = Object.entries(packages).map(([name, as]) => `exports.${as} = require('${name}')`)
  await build({
    absWorkingDir: root,
    stdin: { contents: exports.join('\n'), resolveDir: root },
    outfile: join(directory, libraryAsset),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [withoutLoader],
  })
}

/** In the bundle each of these packages is what the asset exports, which the first import runs. */
export const fromLibrary: Plugin = {
  name: 'from-library',
  setup(build) {
    const names = Object.keys(packages).map((name) => name.replace(/[/.]/g, '\\$&'))
    build.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path }) => ({ path, namespace: 'library' }))
    build.onLoad({ filter: /./, namespace: 'library' }, ({ path }) => ({
      contents: `module.exports = require('./engine/node/library.ts').library().${packages[path as keyof typeof packages]}`,
      resolveDir: root,
    }))
  },
}
