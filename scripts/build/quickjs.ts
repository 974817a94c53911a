/** Builds the QuickJS executable: the program with an empty heap makes the heap, then the program is linked again with it (docs/engine.md). */

import { rename, stat } from 'node:fs/promises'
import { bundle } from './bundle.ts'
import { type Additions, linkEngine } from './quickjs-engine.ts'
import { makeHeap } from './snapshot.ts'
import type { Architecture } from './target.ts'

/** A node downloads and keeps it. 0.4 MB of it are the operator's verbs, which no call of a plugin reads. */
const largest = 4_900_000

/**
 * Builds the executable for a processor.
 * @param work an empty directory for temporary files
 * @param outfile absolute path of the executable
 * @param entry another program than Patchbay: a file that exports what the engine's entry.ts does
 */
export async function buildQuickjs(
  architecture: Architecture,
  work: string,
  outfile: string,
  entry?: string,
  additions?: Additions,
): Promise<void> {
  const engine = await linkEngine(architecture, work, additions)
  const modules = await bundle({ engine: 'quickjs', architecture }, work, entry)
  const program = await engine.withHeap(await makeHeap(architecture, engine, modules, work))
  const { size } = await stat(program)
  if (size > largest) throw new Error(`${program} has ${size} bytes, more than ${largest}`)
  await rename(program, outfile)
}
