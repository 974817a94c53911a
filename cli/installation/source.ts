/** The executable that is installed: the running one, or that of the other engine beside it. */

import { architecture } from '#engine'
import { CniError, Code } from '../../shared/error/error.ts'
import { readLink, readStart } from '../../shared/kernel/files.ts'
import { run } from '../../shared/kernel/run.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { version } from '../../shared/version.ts'
import { checksumOf } from './checksum.ts'

/** Put in by the build. */
declare const __ENGINE__: Engine | undefined

export type Engine = 'quickjs' | 'node'
export const engines: readonly Engine[] = ['quickjs', 'node']

/** The engine of the running executable. */
export const ownEngine: Engine = typeof __ENGINE__ === 'undefined' ? 'node' : __ENGINE__

/** An executable and what it is. */
export interface Source {
  /** Where its bytes are read. */
  path: string
  engine: Engine
  version: string
  size: number
  checksum: string
}

const self = '/proc/self/exe'

/** Finds the executable of an engine. @throws CniError that says where to get it */
export function sourceOf(engine: Engine): Source {
  if (engine === ownEngine) return describe(self, engine, version)
  const own = readLink(self) ?? ''
  const path = beside(own, engine)
  if (!path || !stat(path)) throw absent(engine, path)
  const machine = machineOf(path)
  if (machine !== architecture) throw foreign(path, machine)
  return describe(path, engine, versionOf(path))
}

/** Where the other engine's executable is: builds and archives have directories that differ in the engine's name alone. */
export function beside(own: string, engine: Engine): string | undefined {
  const [, before, after] = new RegExp(`^(.*)${ownEngine}(.*)$`).exec(own) ?? []
  return before === undefined ? undefined : `${before}${engine}${after}`
}

function absent(engine: Engine, path: string | undefined): CniError {
  const looked = path ? `there is no ${path}` : 'this executable is not in a directory named after its engine'
  return new CniError(Code.IoFailure, {
    msg: `no executable with the engine ${engine}: ${looked}`,
    hint: `unpack the release's archive …-${engine}.tar.gz beside this one, or build it: npm run build -- --engine ${engine}; then run its own patchbay install`,
  })
}

function foreign(path: string, machine: string): CniError {
  return new CniError(Code.IoFailure, { msg: `${path} is for ${machine}, this machine is ${architecture}` })
}

function describe(path: string, engine: Engine, version: string): Source {
  return { path, engine, version, size: Number(stat(path)?.size), checksum: checksumOf(path) }
}

/** The version that an executable says it has. */
function versionOf(path: string): string {
  const { status, stdout } = run({ path, arguments: ['version'], env: {}, input: '' })
  const [, found] = /^patchbay (\S+)\n$/.exec(stdout) ?? []
  if (status === 0 && found) return found
  throw new CniError(Code.IoFailure, { msg: `${path} does not say its version`, see: `${path} version` })
}

const machines: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' }

/** The first bytes of an ELF file, `\x7fELF`. */
const ELF = '7f454c46'

/** The processor that an ELF file is for (e_machine); `no executable` for another file. */
export function machineOf(path: string): string {
  const start = readStart(path, 20)
  if (start.length < 20 || start.toString('hex', 0, 4) !== ELF) return 'no executable'
  const machine = start.readUInt16LE(18)
  return machines[machine] ?? `processor ${machine}`
}
