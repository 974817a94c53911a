/** veth: a pair of ends, born in one message, the peer already inside its own namespace. */

import type { Fd } from '../kernel/files.ts'
import { type LinkSettings, newLink } from './link.ts'
import { linkMessage, settingsOf } from './link-message.ts'
import type { Request } from './socket.ts'

/** VETH_INFO_PEER, include/uapi/linux/veth.h: struct ifinfomsg and attributes of the other end. */
const VETH_INFO_PEER = 1

/**
 * `ip link add NAME … type veth peer name PEER netns NS`. The peer must not be up in this message: the kernel would
 * look for a carrier before the pair is joined, and answer ENOTCONN.
 */
export function newVeth(
  host: LinkSettings & { name: string },
  peer: LinkSettings & { name: string; netns: Fd },
): Request {
  return newLink({
    ...host,
    kind: 'veth',
    data: (out) => out.push(VETH_INFO_PEER, linkMessage({}, settingsOf(peer))),
    words: `peer name ${peer.name} netns NS`,
  })
}
