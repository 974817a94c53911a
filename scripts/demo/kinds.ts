/** What each kind of interface needs for two containers that reach each other: read from the kind's demo.ts. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { features } from '../../test/guest/features.ts'
import type { Configuration } from '../example.ts'
import { near } from './host.ts'

const root = join(import.meta.dirname, '../..')

/** The exports of a kind's demo.ts, all optional. */
interface KindDemo {
  /** false for a kind without a peer, with a program as peer, or without IP. */
  takesPings?: boolean
  /** The second container's configuration on the far host; undefined when both containers are on the near host. */
  across?(config: Configuration, own: typeof near): Configuration | undefined
  /** The addresses that the far host must have. */
  remotes?(config: Configuration): string[]
  /** The kernel features that keys of the configuration require. */
  needs?(config: Configuration): string[]
  /** The Debian packages that keys of the configuration require, beside those of the demo itself. */
  packages?(config: Configuration): string[]
  /** The texts of required files, by path. */
  files?(config: Configuration): Record<string, string>
  /** Commands that prepare the host. */
  commands?(config: Configuration): string[]
}

async function demoOf({ type }: Configuration): Promise<KindDemo> {
  const [file] = globSync(`plugins/**/${type}/demo.ts`, { cwd: root })
  return file ? await import(join(root, file)) : {}
}

/** A function that reads a value from the demo.ts of a configuration's kind, with a default. */
const fromDemo =
  <Value>(read: (demo: KindDemo, config: Configuration) => Value | undefined, otherwise: Value) =>
  async (config: Configuration): Promise<Value> =>
    read(await demoOf(config), config) ?? otherwise

export const takesPings = fromDemo((demo) => demo.takesPings, true)
export const configurationAcross = fromDemo<Configuration | undefined>(
  (demo, config) => demo.across?.(config, near),
  undefined,
)
export const remotesOf = fromDemo<string[]>((demo, config) => demo.remotes?.(config), [])
export const packagesOf = fromDemo<string[]>((demo, config) => demo.packages?.(config), [])
export const filesOf = fromDemo<Record<string, string>>((demo, config) => demo.files?.(config), {})
export const commandsOf = fromDemo<string[]>((demo, config) => demo.commands?.(config), [])

/** The kernel features that a configuration requires. */
export async function needsOf(config: Configuration): Promise<string[]> {
  const link = features().filter((name) => name === `link ${config.type}`)
  const own = (await demoOf(config)).needs?.(config) ?? []
  return [...link, ...own, ...(config.ipMasq ? ['nft ip'] : [])]
}
