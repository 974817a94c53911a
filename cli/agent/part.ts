/** A part of the agent: what it does at one store for the networks of this host, such as claiming blocks ahead. */

import type { Log } from '../../shared/error/log.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Keys } from '../../shared/store/keys.ts'
import type { Metric } from '../metrics/metric.ts'

/** A network of /etc/cni/net.d that uses the store. */
export interface AgentNetwork {
  name: string
  /** The interface plugin, and its configuration as a runtime hands it over. */
  plugin: string
  raw: Record<string, unknown>
  /** Its section `ipam` of type pool, when its addresses come from this store; with ipam-list the one in it. */
  pool?: Record<string, unknown>
  /** Whether it is a vxlan whose peers are in this store. */
  peers: boolean
}

/** What the flags of `patchbay agent` say, milliseconds. */
export interface Settings {
  /** How often this host tells the store that it is there, and looks at all that it holds. */
  beat: number
  /** How long a block has been empty before it goes back. */
  emptyFor: number
}

/** Where a part works. */
export interface Surroundings {
  connection: Connection
  keys: Keys
  /** This host's name in the store. */
  host: string
  log: Log
  settings: Settings
}

export interface Part {
  /** The networks are these now: called at the start, when a configuration has changed, and by SIGHUP: then everything is looked at again. */
  use(networks: readonly AgentNetwork[]): void
  metrics(): Metric[]
  /** What keeps it from its work now, one sentence each, for /readyz. */
  troubles(): string[]
  /** Ends within half a second; what was made for containers stays. */
  stop(): Promise<void>
}

export type MakePart = (surroundings: Surroundings) => Part
