/** The interface of a plugin: a value with a configuration schema and verbs. run.ts and respond.ts do the rest of a call. */

import type { ConfigSchema } from '../config/config.ts'
import type { Log } from '../error/log.ts'
import type { Result } from './result.ts'
import type { SpecVersion } from './version.ts'

export type Command = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC' | 'VERSION'

/** One attachment of a container to a network (spec section "Attachment parameters"). */
export interface Attachment {
  network: string
  containerID: string
  ifname: string
}

/** The input of a verb: environment and configuration, read and validated. */
export interface Request<Config = unknown> extends Attachment {
  command: Command
  /** CNI_IFNAME, if the key `ifname` names the interface instead. */
  givenName?: string
  /** The name the plugin was called by. */
  plugin: string
  /** CNI_NETNS. In DEL it may be empty or not exist; in STATUS and GC it is empty. */
  netns: string
  /** CNI_ARGS as pairs, already checked for unknown keys. */
  args: Record<string, string>
  /** The directories of CNI_PATH. */
  path: string[]
  /** The configuration's version: results are converted to it. */
  cniVersion: SpecVersion
  /** The configuration as the plugin's schema parsed it. */
  config: Config
  /** The configuration as received, with known keys in canonical case. */
  raw: Record<string, unknown>
  /** Standard input unchanged, for delegates. */
  input: string
  prevResult?: Result
  /** GC: the attachments that are still valid (`cni.dev/valid-attachments`). */
  validAttachments: { containerID: string; ifname: string }[]
  /** ADD, CHECK, STATUS: the layer 2 segment of the network's containers, from the interface plugin. */
  segment?: string
  /** IPAM in the process of an interface plugin: addresses that another host on the segment uses; IPAM does not allocate them. */
  avoid?: readonly string[]
  /** portmap: the runtime listens on the mapped ports itself, to keep them from other processes. */
  portsKept?: boolean
  log: Log
}

/** A verb may be asynchronous, because it may run other programs. System calls in it are synchronous. */
type Eventually<T> = T | Promise<T>

/** A network of the host's configuration, read without a call by a runtime. */
export type Network<Config = unknown> = Pick<Request<Config>, 'network' | 'config' | 'log'>

/** A device that now has its configuration, and the changes that were made, as sentences; none when it already had it. */
export interface Reconciled {
  device: string
  done: string[]
}

export interface Plugin<Config = unknown> {
  name: string
  /** One sentence: its purpose. */
  summary: string
  config: ConfigSchema<Config>
  /** The plugin's own keys of CNI_ARGS (`MAC`). Undefined: the plugin does not use CNI_ARGS, so all keys are accepted. */
  args?: readonly string[]
  /**
   * The layer 2 segment of a network's containers: a text that is the same for all networks on that segment. Undefined when
   * it is not known, or when each container is on a segment of its own. The configuration may lack keys: it may be read leniently.
   */
  segment?(config: Config): string | undefined
  /**
   * IPAM in the process of an interface plugin: it uses the container's interface, as dhcp does. ADD may set it up, and give it what the
   * network says; DEL comes before the interface goes.
   */
  usesLink?(request: Request<Config>): Eventually<boolean>
  /** IPAM in the process of an interface plugin: what has become of a result of ADD since, for CHECK. Default: it has not changed. */
  current?(request: Request<Config>, result: Result): Eventually<Result>
  /** IPAM in the process of an interface plugin: refuses an impossible request before the interface is made. */
  prepare?(request: Request<Config>): void
  add(request: Request<Config>): Eventually<Result>
  del(request: Request<Config>): Eventually<void>
  check(request: Request<Config>): Eventually<void>
  status?(request: Request<Config>): Eventually<void>
  gc?(request: Request<Config>): Eventually<void>
  /** `patchbay reconcile`: changes a network's existing devices to their configuration, or says how it would. Makes no device. */
  reconcile?(network: Network<Config>, isDry: boolean): Reconciled[]
}

/** All plugins by name, each loaded on first use. */
export type Registry = Readonly<Record<string, () => Promise<Plugin>>>
