/** The plugin seam: a plugin is a value, and the run loop owns everything around its verbs. */

import type { Owners } from './foreign.ts'
import type { Log } from './log.ts'
import type { Result } from './result.ts'
import type { Shape } from './schema.ts'
import type { SpecVersion } from './version.ts'

export type Command = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC' | 'VERSION'

/** One attachment of a container to a network (spec section "Attachment parameters"). */
export interface Attachment {
  network: string
  containerID: string
  ifname: string
}

/** What a verb is given: environment and configuration, read and validated. */
export interface Request<Config = unknown> extends Attachment {
  command: Command
  /** The name the plugin was called by. */
  plugin: string
  /** CNI_NETNS; may be empty or gone in DEL, is empty in STATUS and GC. */
  netns: string
  /** CNI_ARGS, as pairs; IgnoreUnknown and unknown ones have been dealt with. */
  args: Record<string, string>
  /** The directories of CNI_PATH. */
  path: string[]
  /** The configuration's version: results are converted to it. */
  cniVersion: SpecVersion
  /** The configuration as the plugin's schema understood it. */
  config: Config
  /** The configuration as it came, keys in canonical case where the schema knows them. */
  raw: Record<string, unknown>
  /** Standard input, letter for letter, for delegates. */
  input: string
  prevResult?: Result
  /** GC: the attachments that are still valid (`cni.dev/valid-attachments`). */
  validAttachments: { containerID: string; ifname: string }[]
  /** ADD, CHECK, STATUS: the layer 2 segment that the containers of the network are on, as the interface plugin states it. */
  segment?: string
  /** IPAM in the process of an interface plugin: addresses that somebody on the wire has, so not to be given. */
  avoid?: readonly string[]
  log: Log
}

/** A verb may be asynchronous: it is where other programs are run. Kernel work inside is synchronous. */
type Eventually<T> = T | Promise<T>

/** A configuration's shape (zod) and the rules across its keys. */
export interface ConfigSchema<Config> {
  /** Every key with its schema, common keys included: what JSON Schema and tables are made from. */
  shape: Shape
  /**
   * Judges a configuration; throws a CniError of code 7 that says where, what was found and what is allowed.
   * @param owners whose the keys of other plugins are
   */
  parse(raw: Record<string, unknown>, log: Log, owners?: Owners): Config
  /** Takes what it can of a configuration and never throws: for DEL. */
  parseLeniently(raw: Record<string, unknown>, log: Log): Config
  /** The plugin's own top-level keys, for the hint that a key belongs to another plugin. */
  keys(): string[]
  /** A configuration with its known keys in canonical case. */
  canonical(raw: Record<string, unknown>): Record<string, unknown>
  /** Whether a canonical configuration has top-level keys that the schema does not know and may judge. */
  hasStrangers(raw: Record<string, unknown>): boolean
}

/** A network of the host's configuration, outside of any call by a runtime. */
export type Network<Config = unknown> = Pick<Request<Config>, 'network' | 'config' | 'log'>

/** A device that was brought to its configuration, and what was done to it, in words: nothing when it was so already. */
export interface Reconciled {
  device: string
  done: string[]
}

export interface Plugin<Config = unknown> {
  name: string
  /** One sentence: what it is for. */
  summary: string
  config: ConfigSchema<Config>
  /** The CNI_ARGS it understands (`MAC`). Without this it never looks, and any are fine. */
  args?: readonly string[]
  /**
   * The layer 2 segment that the containers of a network are on: a text that is the same for all networks there. Undefined
   * where it is not known, or where each container is alone. The configuration may lack keys: it may be read leniently.
   */
  segment?(config: Config): string | undefined
  /** IPAM in the process of an interface plugin: refuses what cannot be given, before there is an interface. */
  prepare?(request: Request<Config>): void
  add(request: Request<Config>): Eventually<Result>
  del(request: Request<Config>): Eventually<void>
  check(request: Request<Config>): Eventually<void>
  status?(request: Request<Config>): Eventually<void>
  gc?(request: Request<Config>): Eventually<void>
  /** `patchbay reconcile`: brings what is there of a network to its configuration. Makes nothing. */
  reconcile?(network: Network<Config>): Reconciled[]
}

/** All plugins by name, each loaded when it is asked for. */
export type Registry = Readonly<Record<string, () => Promise<Plugin>>>
