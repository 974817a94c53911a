/** `#pool` on QuickJS, which has no client of etcd: the Node executable runs the verbs. */

import { byNode } from '../host/by-node.ts'
import type { Work } from './work.ts'

export const work: Work = {
  create: byNode,
  change: byNode,
  delete: byNode,
  ls: byNode,
  show: byNode,
  check: byNode,
  release: byNode,
  recover: byNode,
  claim: byNode,
}
