/**
 * The packages that speak with etcd (`@grpc/grpc-js`, `protobufjs`) as a script of their own, an asset of the Node executable: few calls
 * need them, and what is in the startup snapshot every call reads.
 */

import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

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

const options = {
  absWorkingDir: root,
  stdin: {
    contents: Object.entries(packages)
      .map(([name, as]) => `exports.${as} = require('${name}')`)
      .join('\n'),
    resolveDir: root,
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node26',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [withoutLoader],
} satisfies BuildOptions

/** Writes the script into a directory. */
export async function bundleLibrary(directory: string): Promise<void> {
  await build({ ...options, outfile: join(directory, libraryAsset) })
}

/** The npm packages that it contains, sorted. */
export async function packagesOfLibrary(): Promise<string[]> {
  const { metafile } = await build({ ...options, write: false, metafile: true })
  const names = Object.keys(metafile.inputs).map((path) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  return [...new Set(names)].filter((name) => name !== undefined).sort()
}

/** In the bundle each of these packages is what the asset exports, which the first import runs. */
export const fromLibrary: Plugin = {
  name: 'from-library',
  setup(build) {
    const names = Object.keys(packages).map((name) => name.replace(/[/.]/g, '\\$&'))
    build.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path }) => ({
      path,
      namespace: 'library',
    }))
    build.onLoad({ filter: /./, namespace: 'library' }, ({ path }) => ({
      contents: `module.exports = require('./engine/node/library.ts').library().${packages[path as keyof typeof packages]}`,
      resolveDir: root,
    }))
  },
}
