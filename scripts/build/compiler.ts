/** Debian's C compiler for a processor, or its cross-compiler, with musl instead of its own C library. */

import { basename, join } from 'node:path'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import { compileFlags, linkFlags } from './hardening.ts'
import { musl } from './musl.ts'
import { type Architecture, gnu, host } from './target.ts'

export interface Compiler {
  /** Compiles a source file. @returns the path of the object file in `directory` */
  compile(source: string, directory: string, flags?: readonly string[]): Promise<string>
  /** Links objects and libraries to a static program. */
  link(program: string, inputs: readonly string[]): Promise<void>
  /** Runs one of the binutils: `ar`, `nm`, `strip`. @returns its output */
  tool(name: string, args: readonly string[]): Promise<string>
}

export async function compiler(architecture: Architecture): Promise<Compiler> {
  await ensurePackages('the build of the QuickJS engine', packages(architecture))
  const gcc = (args: readonly string[], cwd = '.') => run(`${gnu[architecture]}-gcc`, args, { cwd })
  const own = async (file: string) => (await gcc([`-print-file-name=${file}`])).trim()
  const { include, lib } = await musl(architecture)
  const headers = ['-nostdinc', '-isystem', await own('include'), '-isystem', include]
  const [first, last] = [['crt1.o', 'crti.o'], ['crtn.o']].map((names) =>
    names.map((name) => join(lib, name)),
  )
  const libraries = ['--start-group', join(lib, 'libc.a'), await own('libgcc.a'), '--end-group']
  return {
    async compile(source, directory, flags = []) {
      const object = join(directory, `${basename(source)}.o`)
      const options = [...compileFlags(architecture), ...headers, ...flags]
      // The name of the source gets into the object, its directory does not.
      await gcc([...options, '-c', basename(source), '-o', object], join(source, '..'))
      return object
    },
    async link(program, inputs) {
      const end = libraries.map((word) => word.replace(/^--/, '-Wl,--'))
      await gcc([
        ...linkFlags,
        '-nostdlib',
        '-o',
        program,
        ...(first ?? []),
        ...inputs,
        ...end,
        ...(last ?? []),
      ])
    },
    tool: (name, args) => run(`${gnu[architecture]}-${name}`, args),
  }
}

function packages(architecture: Architecture): string[] {
  return architecture === host ? ['gcc'] : [`gcc-${gnu[architecture].replace('_', '-')}`]
}
