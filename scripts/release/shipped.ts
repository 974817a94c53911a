/** What of other projects is in the executables. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compiler } from '../build/compiler.ts'
import { muslHome } from '../build/musl.ts'
import { quickjs } from '../build/quickjs-library.ts'
import type { Target } from '../build/target.ts'
import { zlib } from '../build/zlib-library.ts'

const packages = join(import.meta.dirname, '../../node_modules')

/** npm packages that the bundles of both engines contain. */
export const bundled = ['@noble/hashes', 'js-yaml', 'netlink', 'zod']

/** Those of the Node engine besides, in its script for etcd (scripts/build/node-library.ts). */
export const bundledForEtcd = [
  '@grpc/grpc-js',
  '@js-sdsl/ordered-map',
  '@protobufjs/aspromise',
  '@protobufjs/base64',
  '@protobufjs/eventemitter',
  '@protobufjs/float',
  '@protobufjs/pool',
  '@protobufjs/utf8',
  'long',
  'protobufjs',
]

/** Their licences and the engine's, by the name of a file. */
export async function licensesOf({ engine, architecture }: Target): Promise<[name: string, text: string][]> {
  const names = engine === 'node' ? [...bundled, ...bundledForEtcd] : bundled
  const files: [string, string][] = names.map((name) => [name, join(packages, name, 'LICENSE')])
  if (engine === 'node') files.push(['node', join(packages, `node-linux-${process.arch}/LICENSE`)])
  else {
    const gcc = await compiler(architecture)
    files.push(['quickjs', join((await quickjs(architecture, gcc)).include, 'LICENSE')])
    files.push(['zlib', join((await zlib(architecture, gcc)).include, 'LICENSE')])
    files.push(['musl', join(await muslHome(architecture), 'usr/share/doc/musl-dev/copyright')])
  }
  const texts = files.map(async ([name, file]): Promise<[string, string]> => {
    return [name.replace(/^@/, '').replace('/', '-'), await readFile(file, 'utf8')]
  })
  return Promise.all(texts)
}
