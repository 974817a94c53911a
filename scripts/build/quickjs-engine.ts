/** Compiles the engine's C files, and links them with QuickJS to programs. */

import { globSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Compiler, compiler } from './compiler.ts'
import { quickjs } from './quickjs-library.ts'
import type { Architecture } from './target.ts'
import { zlib } from './zlib-library.ts'

const home = join(import.meta.dirname, '../../engine/quickjs')

/** The files with a `main`; all others belong to each program. */
const mains = ['entry.c', 'compile.c']

/** Room at the heap's address, in bytes: for all that the build makes, and for what a usual call makes. The reserve comes after it (heap.ld). */
const room = { build: 64 << 20, run: 512 << 10 }

/** What another executable than Patchbay's has besides: C sources, and flags for the linker. */
export interface Additions {
  sources: readonly string[]
  flags: readonly string[]
}

/** Paths of what the executable begins with. */
export interface Image {
  heap: string
  /** The modules that are not in the heap. */
  archive: string
}

/** Paths of programs. */
export interface QuickJsEngine {
  /** Compiles the bundle to bytecode. */
  compile: string
  /** The executable with an empty heap: it makes the heap. */
  maker: string
  /** Links the executable with a heap. */
  withHeap(image: Image): Promise<string>
}

/** The engine for a processor. @param work directory for temporary files */
export async function linkEngine(
  architecture: Architecture,
  work: string,
  { sources, flags }: Additions = { sources: [], flags: [] },
): Promise<QuickJsEngine> {
  const gcc = await compiler(architecture)
  const { library, include } = await quickjs(architecture, gcc)
  const inflate = await zlib(architecture, gcc)
  const headers = [include, inflate.include, home].map((directory) => `-I${directory}`)
  const objectOf = (source: string) => gcc.compile(source, work, ['-DZ_SOLO', ...headers])
  const own = globSync('*.c', { cwd: home, exclude: mains }).sort()
  const shared = [...own.map((name) => join(home, name)), ...sources]
  const [main = '', compile = '', ...objects] = await Promise.all(
    [...mains.map((name) => join(home, name)), ...shared].map(objectOf),
  )
  const link = async (name: string, mainObject: string, heap: string): Promise<string> => {
    const program = join(work, name)
    await gcc.link(program, [
      mainObject,
      ...objects,
      heap,
      library,
      inflate.library,
      '-Wl,-T',
      join(home, 'heap.ld'),
      ...flags,
    ])
    return program
  }
  const empty = await heapObject(gcc, join(work, 'empty.o'), [`-DROOM=${room.build}`])
  const maker = await link('maker', main, empty)
  return {
    compile: await link('compile', compile, empty),
    maker,
    async withHeap({ heap, archive }) {
      const flags = [`-DROOM=${room.run}`, `-DIMAGE="${heap}"`, `-DARCHIVE="${archive}"`]
      const filled = await heapObject(gcc, `${heap}.o`, flags)
      const program = await link('program', main, filled)
      await requireSameAddresses(gcc, maker, program)
      await gcc.tool('strip', [program])
      return program
    },
  }
}

/** The object of the heap's content. */
async function heapObject(gcc: Compiler, object: string, flags: readonly string[]): Promise<string> {
  await rename(await gcc.compile(join(home, 'image.S'), join(object, '..'), flags), object)
  return object
}

/** The heap contains addresses of functions and constants: they must be the same in the executable. */
async function requireSameAddresses(gcc: Compiler, maker: string, program: string): Promise<void> {
  const [before = [], after = []] = await Promise.all([maker, program].map((file) => symbols(gcc, file)))
  const moved = before.find((line, index) => line !== after[index])
  if (moved) throw new Error(`addresses differ between ${basename(maker)} and ${basename(program)}: ${moved}`)
}

/** The symbols and their addresses: those of code and constants, which lie below the heap. A name with @ is the linker's own, for detours around a fault of a processor. */
async function symbols(gcc: Compiler, program: string): Promise<string[]> {
  const lines = (await gcc.tool('nm', ['--numeric-sort', program])).split('\n')
  const addressOf = (line: string) => line.split(' ')[0] ?? ''
  const heap = addressOf(lines.find((line) => line.endsWith(' immortal_start')) ?? '')
  return lines.filter((line) => addressOf(line) < heap && !/ immortal_size$|@/.test(line))
}
