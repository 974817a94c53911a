/** `#agent` on QuickJS, which has no client of etcd: the Node executable runs the agent, as the same process. */

import { byNode } from '../host/by-node.ts'
import type { Options } from './agent.ts'

export async function runAgent(_options: Options): Promise<void> {
  byNode()
}
