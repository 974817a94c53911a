/** What the kernel has on the host, one dump of each: addresses, the settings of links. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { type LinkAddress, listAllAddresses } from '../../../shared/netlink/address.ts'
import { attributeIn, attributesIn } from '../../../shared/netlink/attributes.ts'
import { AF_INET, AF_SPEC, INET_CONF } from '../../../shared/netlink/ipv4-conf.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { Ifla, linkMessage } from '../../../shared/netlink/link-message.ts'
import { dump } from '../../../shared/netlink/socket.ts'
import type { View } from '../frame/fault.ts'
import { linksOf } from '../frame/host.ts'

/** The host's links by name. */
export const linksByName: (view: View) => Map<string, Link> = oncePer(
  (view: View) => new Map(linksOf(view).map((link) => [link.name, link])),
)

/** The host's links by index. */
export const linksByIndex: (view: View) => Map<number, Link> = oncePer(
  (view: View) => new Map(linksOf(view).map((link) => [link.index, link])),
)

/** All addresses of the host. Equivalent to `ip address show`. */
export const addressesOf: (view: View) => LinkAddress[] = oncePer((_: View) => listAllAddresses(hostSocket()))

/** Settings of a link below net/ipv4/conf: IPV4_DEVCONF_* less one (include/uapi/linux/ip.h). */
const Conf4 = { forwarding: 0, rp_filter: 7, route_localnet: 25 } as const
/** Settings below net/ipv6/conf: DEVCONF_* (include/uapi/linux/ipv6.h). */
const Conf6 = { forwarding: 0, accept_ra: 3, disable_ipv6: 26 } as const

const AF_INET6 = 10
/** In IFLA_AF_SPEC: IFLA_INET6_CONF (include/uapi/linux/if_link.h). */
const INET6_CONF = 2
const HEADER_LENGTH = 16

/** The settings of a link; undefined where the kernel does not have one. */
export interface Settings {
  ipv4(name: keyof typeof Conf4): number | undefined
  ipv6(name: keyof typeof Conf6): number | undefined
}

/** The settings of all links by index. Equivalent to the files below /proc/sys/net/ipv4/conf and ipv6/conf, without reading thousands. */
export const settingsOf: (view: View) => Map<number, Settings> = oncePer((_: View) => {
  const skipStatistics = [Ifla.EXT_MASK, putU32(8)] as const
  const question = {
    type: rt.MessageType.GETLINK,
    payload: linkMessage({}, [skipStatistics]),
    attempt: 'list the settings of links',
    see: 'sysctl net.ipv4.conf net.ipv6.conf',
  }
  return new Map(
    dump(hostSocket(), question).map(({ data }) => [data.readInt32LE(4), settingsIn(data)] as const),
  )
})

function settingsIn(message: Buffer): Settings {
  const families = attributesIn(attributeIn(message, AF_SPEC, HEADER_LENGTH) ?? Buffer.alloc(0))
  const value = (family: number, conf: number, number: number) => {
    const values = families(family)
    const numbers = values && attributeIn(values, conf)
    return numbers && numbers.length >= 4 * number + 4 ? numbers.readInt32LE(4 * number) : undefined
  }
  return {
    ipv4: (name) => value(AF_INET, INET_CONF, Conf4[name]),
    ipv6: (name) => value(AF_INET6, INET6_CONF, Conf6[name]),
  }
}
