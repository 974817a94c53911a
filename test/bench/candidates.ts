/** All that is compared: our engines, the references, and two programs that do nothing. */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildNode } from '../../scripts/build/node.ts'
import type { EngineName } from '../../scripts/build/target.ts'
import { host } from '../../scripts/build/target.ts'
import { ensureBuilt } from '../harness/built.ts'
import type { Candidate } from './candidate.ts'
import { findPeer } from './peer.ts'
import { compile } from './stopwatch.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.cache')

/** The names of the floors. */
export const floors = { nothing: 'nothing', emptyNode: 'empty node' } as const

/**
 * Builds or fetches what is missing.
 * @param peers directories, or versions of the reference, the newest first
 */
export async function candidatesOf(
  engines: readonly EngineName[],
  peers: readonly string[],
): Promise<Candidate[]> {
  const references: Candidate[] = []
  for (const source of peers) {
    const { directory, version } = await findPeer(source)
    references.push({ name: version, directory })
  }
  const others = references[0]?.directory
  for (const engine of engines) await ensureBuilt(engine)
  return [
    ...engines.map((name) => ({ name, directory: join(root, 'dist', name), others })),
    ...references.map((reference) => ({ ...reference, others, isReference: true })),
    ...(await floorsOf(engines)),
  ]
}

async function floorsOf(engines: readonly EngineName[]): Promise<Candidate[]> {
  await mkdir(cache, { recursive: true })
  const nothing = { name: floors.nothing, floor: await compile('floor', cache) }
  if (!engines.includes('node')) return [nothing]
  return [nothing, { name: floors.emptyNode, floor: await emptyNode() }]
}

/** A snapshot of this Node that does nothing, kept in the cache. */
async function emptyNode(): Promise<string> {
  const file = join(cache, `empty-node-${process.version}`)
  if (existsSync(file)) return file
  const work = await mkdtemp(join(cache, 'build-'))
  try {
    await buildNode(host, work, join(work, 'empty'), 'test/bench/empty.ts')
    await rename(join(work, 'empty'), file)
  } finally {
    await rm(work, { recursive: true })
  }
  return file
}
