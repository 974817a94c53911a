/** What the benchmark of a cluster has found, as it stands in dist/cluster.json. */

import type { EtcdVersion } from '../../harness/etcd-programs.ts'
import type { Adds } from './adds.ts'
import type { AgentState } from './agent.ts'
import type { Claims } from './claims.ts'
import type { Peers } from './peers.ts'
import type { Condition, Medium } from './store.ts'

export type Part = keyof Findings

export interface ClaimsAt {
  version: EtcdVersion
  medium: Medium
  claims: Claims
  condition: Condition
}

/** Each part was measured on a day of its own. */
export interface Findings {
  claims?: Measured<ClaimsAt[]>
  peers?: Measured<Peers[]>
  agent?: Measured<AgentState[]>
  adds?: Measured<Adds[]>
}

export interface Measured<T> {
  date: string
  machine: string
  /** `uptime` before and after. */
  load: string
  loadAtEnd: string
  found: T
}
