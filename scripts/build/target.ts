/** Build targets: an engine for a processor. */

export const engines = ['quickjs', 'node'] as const
export const architectures = ['x64', 'arm64'] as const
/** What can be built. `test` is the QuickJS engine for tests of faults: built on demand, never shipped. */
export const builds = [...engines, 'test'] as const

export type EngineName = (typeof engines)[number]
export type BuildName = (typeof builds)[number]
export type Architecture = (typeof architectures)[number]

export interface Target<Name extends BuildName = EngineName> {
  engine: Name
  architecture: Architecture
}

/** The processor of this machine. */
export const host: Architecture = process.arch === 'arm64' ? 'arm64' : 'x64'

/** The processor's prefix in the names of GNU tools. */
export const gnu: Record<Architecture, string> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }

/** The processor's name in Debian. */
export const debian: Record<Architecture, string> = { x64: 'amd64', arm64: 'arm64' }

/** The name of a target's directories. It names the processor only when it is not this machine's. */
export function directoryName({ engine, architecture }: Target<BuildName>): string {
  return architecture === host ? engine : `${engine}-${architecture}`
}

/** Requires that a value is one of some names. @throws an error that lists them */
export function oneOf<Name extends string>(names: readonly Name[], value: string, what: string): Name {
  const found = names.find((name) => name === value)
  if (!found) throw new Error(`${what} ${value}: expected ${names.join(' or ')}`)
  return found
}
