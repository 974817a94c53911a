/** The settings of a link in net/ipv4/conf, changed by its message (IFLA_AF_SPEC): without files, and together with other requests. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import type { LinkName } from './link.ts'
import { linkMessage } from './link-message.ts'
import { nested, plain } from './nested.ts'
import type { Request } from './socket.ts'

const { NEWLINK } = rt.MessageType

export const AF_INET = 2
/** IFLA_AF_SPEC, and in it IFLA_INET_CONF (include/uapi/linux/if_link.h). */
export const [AF_SPEC, INET_CONF] = [26, 1]

/** A setting's number: IPV4_DEVCONF_* less one (include/uapi/linux/ip.h). */
export const Ipv4Conf = { PROMOTE_SECONDARIES: 19, ARP_NOTIFY: 21 } as const

/** Their files in net/ipv4/conf/LINK. */
const files: Readonly<Record<number, string>> = {
  [Ipv4Conf.PROMOTE_SECONDARIES]: 'promote_secondaries',
  [Ipv4Conf.ARP_NOTIFY]: 'arp_notify',
}

/**
 * Sets a setting of IPv4 by its number. `sysctl -w net.ipv4.conf.LINK.…`; IPv6 has no such request. Newer kernels refuse it without
 * NLA_F_NESTED (inet_validate_link_af, net/ipv4/devinet.c).
 */
export function changeIpv4Conf(link: LinkName, number: number, value: number): Request {
  const file = files[number]
  const families = nested(AF_INET, nested(INET_CONF, plain(number + 1, putU32(value >>> 0))))
  return {
    type: NEWLINK,
    flags: 0,
    payload: linkMessage(link, [[AF_SPEC, families]]),
    attempt: `set IPv4 setting ${number + 1} of ${link.name} to ${value}`,
    see: `ip netconf show dev ${link.name}`,
    reproduce: file && `sysctl -w 'net/ipv4/conf/${link.name}/${file}=${value}'`,
  }
}
