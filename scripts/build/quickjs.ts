/** Builds the QuickJS executable: bytecode, the interpreter and our C files, linked statically. */

import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import { bundle } from './bundle.ts'
import { compileFlags, linkFlags } from './hardening.ts'
import { quickjs } from './quickjs-library.ts'
import { type Architecture, gnu, host } from './target.ts'

const engine = join(import.meta.dirname, '../../engine/quickjs')
const largest = 3_000_000

/** The C modules. The prefix `qjs:` distinguishes them from Node's modules, see engine/quickjs/modules.d.ts. */
const modules = ['std', 'sys', 'bytes', 'spawn', 'apart'].flatMap((name) => ['-M', `qjs:${name},${name}`])

/**
 * Builds the executable for a processor.
 * @param work an empty directory for temporary files
 * @param outfile absolute path of the executable
 * @param entry another program than Patchbay: a file that begins like the engine's entry.ts
 * @param more further arguments of the C compiler: sources, flags
 */
export async function buildQuickjs(
  architecture: Architecture,
  work: string,
  outfile: string,
  entry?: string,
  more: readonly string[] = [],
): Promise<void> {
  await ensurePackages('the build of the QuickJS engine', compilerPackages(architecture))
  const { qjsc, library, include } = await quickjs(architecture)
  const roots = await bundle({ engine: 'quickjs', architecture }, work, entry)
  await run(qjsc, ['-c', '-m', ...modules, '-o', 'bytecode.c', ...roots], { cwd: work })
  await writeFile(
    join(work, 'modules.c'),
    moduleTable(await readFile(join(work, 'bytecode.c'), 'utf8'), await readdir(work)),
  )
  const sources = ['main.c', 'sys.c', 'bytes.c', 'sha512.c', 'spawn.c', 'apart.c'].map((name) =>
    join(engine, name),
  )
  const inputs = ['modules.c', ...sources, ...more, library, '-lm', '-lpthread']
  const flags = [...compileFlags(architecture), `-I${include}`, `-I${engine}`, ...linkFlags, '-o', outfile]
  await run(`${gnu[architecture]}-gcc`, [...flags, ...inputs], { cwd: work })
  const { size } = await stat(outfile)
  if (size > largest) throw new Error(`${outfile} has ${size} bytes, more than ${largest}`)
}

/** Debian's compiler, or its cross-compiler when the processor is not this machine's. */
function compilerPackages(architecture: Architecture): string[] {
  if (architecture === host) return ['gcc', 'libc6-dev']
  const debian = architecture === 'x64' ? 'amd64' : architecture
  return [`gcc-${gnu[architecture].replace('_', '-')}`, `libc6-dev-${debian}-cross`]
}

/** The table of engine/quickjs/modules.h. qjsc names its arrays after the files, with `_` for characters not allowed in C. */
function moduleTable(bytecode: string, files: string[]): string {
  const fileOf = new Map(files.map((file) => [`qjsc_${file.replace(/\.js$/, '').replace(/\W/g, '_')}`, file]))
  const arrays = Array.from(
    bytecode.matchAll(/^const uint32_t (\w+)_size = /gm),
    ([, array]) => array as string,
  )
  const rows = arrays.map((array) => `  {"${fileOf.get(array)}", ${array}, &${array}_size},`)
  return `#include "bytecode.c"\n#include "modules.h"\n\nconst struct module modules[] = {\n${rows.join('\n')}\n  {0}\n};\n`
}
