/** Builds the QuickJS executable: links it with an empty heap, has that program make the heap, links it again with the heap (docs/engine.md). */

import { globSync } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { bundle } from './bundle.ts'
import { type Compiler, compiler } from './compiler.ts'
import { quickjs } from './quickjs-library.ts'
import { makeBytecode, makeHeap } from './snapshot.ts'
import type { Architecture } from './target.ts'

const engine = join(import.meta.dirname, '../../engine/quickjs')
const largest = 5_000_000

/** Room at the heap's address, in bytes: for all that the build makes, and for what a usual call makes. */
const room = { build: 64 << 20, run: 1 << 20 }

/** What another executable than Patchbay's has besides: C sources, and flags for the linker. */
export interface Additions {
  sources: readonly string[]
  flags: readonly string[]
}

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
  { sources, flags }: Additions = { sources: [], flags: [] },
): Promise<void> {
  const gcc = await compiler(architecture)
  const { library, include } = await quickjs(architecture, gcc)
  const headers = [`-I${include}`, `-I${engine}`]
  const objectOf = (source: string) => gcc.compile(source, work, headers)
  const { main, compile, shared } = await ownObjects(objectOf)
  const more = await Promise.all(sources.map(objectOf))
  const link = async (name: string, mainObject: string, image: string): Promise<string> => {
    const inputs = [
      mainObject,
      ...shared,
      ...more,
      image,
      library,
      '-Wl,-T',
      join(engine, 'heap.ld'),
      ...flags,
    ]
    await gcc.link(join(work, name), inputs)
    return join(work, name)
  }
  await bundle({ engine: 'quickjs', architecture }, work, entry)
  const empty = await image(gcc, work, 'empty', [`-DROOM=${room.build}`])
  const bytecode = await makeBytecode(architecture, await link('compile', compile, empty), work)
  const maker = await link('maker', main, empty)
  const heap = await makeHeap(architecture, maker, bytecode, work)
  const filled = await image(gcc, work, 'filled', [`-DROOM=${room.run}`, `-DIMAGE="${heap}"`])
  const program = await link('program', main, filled)
  await requireSameAddresses(gcc, maker, program)
  await gcc.tool('strip', [program])
  await requireSmall(program)
  await rename(program, outfile)
}

/** The engine's C files, compiled. Two of them have a `main`. */
async function ownObjects(objectOf: (source: string) => Promise<string>) {
  const names = globSync('*.c', { cwd: engine }).sort()
  const objects = new Map<string, string>()
  await Promise.all(names.map(async (name) => objects.set(name, await objectOf(join(engine, name)))))
  const [main = '', compile = ''] = ['entry.c', 'compile.c'].map((name) => objects.get(name))
  return {
    main,
    compile,
    shared: names
      .flatMap((name) => objects.get(name) ?? [])
      .filter((object) => object !== main && object !== compile),
  }
}

/** The object of the heap's content. @param name of the object */
async function image(gcc: Compiler, work: string, name: string, flags: readonly string[]): Promise<string> {
  const object = await gcc.compile(join(engine, 'image.S'), work, flags)
  await rename(object, join(work, `${name}.o`))
  return join(work, `${name}.o`)
}

/** The heap contains addresses of functions and constants: they must be the same in the executable. */
async function requireSameAddresses(gcc: Compiler, maker: string, program: string): Promise<void> {
  const [before, after] = await Promise.all([maker, program].map((file) => symbols(gcc, file)))
  const moved = before?.filter((line, index) => line !== after?.[index])
  if (moved?.length)
    throw new Error(`addresses differ between ${basename(maker)} and ${basename(program)}: ${moved[0]}`)
}

/** The symbols and their addresses, but for the ends of the heap. */
async function symbols(gcc: Compiler, program: string): Promise<string[]> {
  const lines = (await gcc.tool('nm', ['--numeric-sort', '--format=posix', program])).split('\n')
  return lines
    .map((line) => line.replace(/^(\S+) \S (\S+).*/, '$2 $1'))
    .filter((line) => !/ (_end|heap_end|immortal_size)$/.test(line))
    .sort()
}

async function requireSmall(program: string): Promise<void> {
  const { size } = await stat(program)
  if (size > largest) throw new Error(`${program} has ${size} bytes, more than ${largest}`)
}
