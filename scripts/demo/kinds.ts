/** What the kinds of interfaces need for a pair of containers that reach each other: a kind says it in its own demo.ts. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { features } from '../../test/guest/features.ts'
import type { Configuration } from '../example.ts'
import { near } from './host.ts'

const root = join(import.meta.dirname, '../..')

/** What a kind's demo.ts may export. */
interface KindDemo {
  /** false for a kind that leads nowhere, to a program, or carries no IP. */
  takesPings?: boolean
  /** The second container's configuration on the other host, or undefined when it belongs beside the first. */
  across?(config: Configuration, own: typeof near): Configuration | undefined
  /** The addresses by which the other host is known. */
  remotes?(config: Configuration): string[]
  /** The features of the kernel that keys ask for. */
  needs?(config: Configuration): string[]
  /** Files that must be there, by path. */
  files?(config: Configuration): Record<string, string>
  /** Commands that make what must be on the host. */
  commands?(config: Configuration): string[]
}

async function demoOf({ type }: Configuration): Promise<KindDemo> {
  const [file] = globSync(`plugins/**/${type}/demo.ts`, { cwd: root })
  return file ? await import(join(root, file)) : {}
}

/** A question to the demo.ts of a configuration's kind, and the answer where it has none. */
const asked =
  <Answer>(question: (demo: KindDemo, config: Configuration) => Answer | undefined, otherwise: Answer) =>
  async (config: Configuration): Promise<Answer> =>
    question(await demoOf(config), config) ?? otherwise

export const takesPings = asked((demo) => demo.takesPings, true)
export const configurationAcross = asked<Configuration | undefined>(
  (demo, config) => demo.across?.(config, near),
  undefined,
)
export const remotesOf = asked<string[]>((demo, config) => demo.remotes?.(config), [])
export const filesOf = asked<Record<string, string>>((demo, config) => demo.files?.(config), {})
export const commandsOf = asked<string[]>((demo, config) => demo.commands?.(config), [])

/** The features of the kernel that a configuration asks for. */
export async function needsOf(config: Configuration): Promise<string[]> {
  const link = features().filter((name) => name === `link ${config.type}`)
  const own = (await demoOf(config)).needs?.(config) ?? []
  return [...link, ...own, ...(config.ipMasq ? ['nft ip'] : [])]
}
