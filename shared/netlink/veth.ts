/** veth: a pair of Ethernet ends. */

import type { Namespace } from '../kernel/namespace.ts'
import type { LinkSettings } from './link.ts'
import { newPair } from './pair.ts'
import type { Request } from './socket.ts'

/** `ip link add NAME … type veth peer name PEER netns NS`, as `newPair`. */
export function newVeth(
  host: LinkSettings & { name: string },
  peer: LinkSettings & { name: string; netns: Namespace },
): Request {
  return newPair('veth', host, peer)
}
