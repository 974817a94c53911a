/** The QuickJS executable: bytecode, the interpreter and one small C file, linked statically. */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import { bundle } from './bundle.ts'
import { compileFlags, linkFlags } from './hardening.ts'
import { quickjs } from './quickjs-library.ts'
import { type Architecture, gnu, host } from './target.ts'

const sys = join(import.meta.dirname, '../../engine/quickjs/sys.c')
const largest = 3_000_000

/** The C modules under names that cannot be taken for Node's, see engine/quickjs/modules.d.ts. */
const modules = ['std', 'os', 'sys'].flatMap((name) => ['-M', `qjs:${name},${name}`])

/** Parts of QuickJS left out: no code comes from a string or a file. */
const without = ['eval', 'module-loader', 'string-normalize'].map((feature) => `-fno-${feature}`)

/**
 * Builds the executable for a processor.
 * @param work an empty directory for what is made on the way
 * @param outfile absolute path of the executable
 */
export async function buildQuickjs(architecture: Architecture, work: string, outfile: string): Promise<void> {
  await ensurePackages('the build of the QuickJS engine', compilerPackages(architecture))
  const { qjsc, library, include } = await quickjs(architecture)
  await bundle({ engine: 'quickjs', architecture }, join(work, 'patchbay.js'))
  await run(qjsc, ['-e', '-m', ...modules, ...without, '-o', 'patchbay.c', 'patchbay.js'], { cwd: work })
  const inputs = ['patchbay.c', sys, library, '-lm', '-lpthread']
  const flags = [...compileFlags(architecture), `-I${include}`, ...linkFlags, '-o', outfile]
  await run(`${gnu[architecture]}-gcc`, [...flags, ...inputs], { cwd: work })
  const { size } = await stat(outfile)
  if (size > largest) throw new Error(`${outfile} has ${size} bytes, more than ${largest}`)
}

/** Debian's compiler; for another processor than this machine's, the cross-compiler. */
function compilerPackages(architecture: Architecture): string[] {
  if (architecture === host) return ['gcc', 'libc6-dev']
  const debian = architecture === 'x64' ? 'amd64' : architecture
  return [`gcc-${gnu[architecture].replace('_', '-')}`, `libc6-dev-${debian}-cross`]
}
