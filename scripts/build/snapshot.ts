/** Makes bytecode and the heap, by programs for the target's processor. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ExecaError, type Options } from 'execa'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import type { Bundle } from './bundle.ts'
import { deflated } from './deflate.ts'
import type { Image, QuickJsEngine } from './quickjs-engine.ts'
import { type Architecture, host } from './target.ts'

/**
 * Makes the heap of the bundle in `work`, twice, with another environment and another command line: nothing of them may get into it.
 * And makes the archive of the modules that are not in the heap.
 * The bytecode has no places of the source, which are an eighth of the executable. An error of the build has them.
 * @returns their paths
 */
export async function makeHeap(
  architecture: Architecture,
  { compile, maker }: Pick<QuickJsEngine, 'compile' | 'maker'>,
  modules: Bundle,
  work: string,
): Promise<Image> {
  const archive = async (how: How, part: 'first' | 'later') => {
    const file = join(work, `${part}-${how}`)
    await runFor(architecture, compile, [how, ...modules[part]], { cwd: work, stdout: { file } })
    return file
  }
  const make = async (how: How): Promise<Image> => {
    const [first, later] = await Promise.all([archive(how, 'first'), archive(how, 'later')])
    const both = join(work, `both-${how}`)
    await writeFile(both, Buffer.concat([await readFile(first), await readFile(later)]))
    const packed = join(work, `packed-${how}`)
    await writeFile(packed, deflated(await readFile(later), new Set(modules.operators)))
    return { heap: await makeTwice(architecture, maker, both, work), archive: packed }
  }
  try {
    return await make('strip')
  } catch (error) {
    await make('places')
    throw error
  }
}

/** With the places of the source, or without. */
type How = 'places' | 'strip'

async function makeTwice(
  architecture: Architecture,
  maker: string,
  bytecode: string,
  work: string,
): Promise<string> {
  const make = async (name: string, args: string[], env: Record<string, string>) => {
    const heap = join(work, name)
    const streams = { stdin: { file: bytecode }, stdout: { file: heap } }
    await runFor(architecture, maker, args, { cwd: work, env, extendEnv: false, ...streams })
    return heap
  }
  const env = { TZ: 'Asia/Tokyo', SOME: 'x'.repeat(9999) }
  const [heap, again] = await Promise.all([
    make('heap', [], {}),
    make('heap-again', ['another command line'], env),
  ])
  if (!(await readFile(heap)).equals(await readFile(again)))
    throw new Error('the heap depends on the process that makes it: two of them made different heaps')
  return heap
}

/** Runs a program for a processor, by an emulator if it is not this machine's. @throws an error with the program's, whose places are those of the sources */
async function runFor(
  architecture: Architecture,
  program: string,
  args: readonly string[],
  options: Options & { cwd: string },
): Promise<void> {
  const emulator = 'qemu-aarch64-static'
  const [file = '', ...words] = architecture === host ? [program] : [emulator, program]
  if (file === emulator) await ensurePackages('running an arm64 program', ['qemu-user-static'])
  try {
    await run(file, [...words, ...args], options)
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error
    throw new Error(await inSources(String(error.stderr), options.cwd), { cause: error })
  }
}

/** A text with places in the bundle (`chunk-5.js:30:7`), each replaced by the module that esbuild names in the nearest comment above. */
async function inSources(text: string, directory: string): Promise<string> {
  const places = [...text.matchAll(/([\w-]+\.js):(\d+)(:\d+)?/g)]
  let named = text
  for (const [place, file = '', line] of places) {
    const lines = (await readFile(join(directory, file), 'utf8')).split('\n').slice(0, Number(line))
    const source = lines.findLast((text) => /^\/\/ \S+\.[jt]s$/.test(text))?.slice(3)
    named = named.replace(place, source ?? file)
  }
  return named
}
