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
}

/** Where a part works. */
export interface Surroundings {
  connection: Connection
  keys: Keys
  /** This host's name in the store. */
  host: string
  log: Log
}

export interface Part {
  /** The networks are these now: called at the start, and when a configuration has changed. */
  use(networks: readonly AgentNetwork[]): void
  metrics(): Metric[]
  /** Ends; what was made for containers stays. */
  stop(): Promise<void>
}

export type MakePart = (surroundings: Surroundings) => Part
