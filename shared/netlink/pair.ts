/** Pairs of interfaces, made in one message: veth for Ethernet, vxcan for CAN. */

import type { Namespace } from '../kernel/namespace.ts'
import { type LinkSettings, newLink, settingWords } from './link.ts'
import { linkMessage, settingsOf } from './link-message.ts'
import type { Request } from './socket.ts'

export type PairKind = 'veth' | 'vxcan'

/**
 * VETH_INFO_PEER and VXCAN_INFO_PEER (include/uapi/linux/veth.h, can/vxcan.h): struct ifinfomsg and attributes of the
 * other end.
 */
const INFO_PEER = 1

/**
 * `ip link add NAME … type KIND peer name PEER netns NS`: the peer is made in its own namespace. The peer must not be set up
 * in this message: the kernel checks its carrier before the two ends are connected, and answers ENOTCONN.
 */
export function newPair(
  kind: PairKind,
  end: LinkSettings & { name: string },
  peer: LinkSettings & { name: string; netns: Namespace },
): Request {
  return newLink({
    ...end,
    kind,
    data: (out) => out.push(INFO_PEER, linkMessage({}, settingsOf(peer))),
    get words() {
      return `peer name ${peer.name} ${settingWords(peer)}`
    },
  })
}
