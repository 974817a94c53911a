/** Keys that several IPAM plugins have. */

import { requests } from '../config/common.ts'
import {
  boolean,
  cidr,
  describe,
  integer,
  ip,
  ipOrCidr,
  list,
  object,
  open,
  optional,
  string,
} from '../config/schema.ts'

const ips = () => ({ ips: optional(list(ipOrCidr)) })

const ipRanges = () => {
  const range = open({
    subnet: string,
    rangeStart: optional(ip),
    rangeEnd: optional(ip),
    gateway: optional(ip),
  })
  return { ipRanges: optional(list(list(range))) }
}

/** The addresses that a runtime requests. */
export const addressRequests = requests(ips, ips)

/** The same, and the ranges that it gives. */
export const rangeRequests = requests(() => ({ ...ips(), ...ipRanges() }), ips)

const number = integer({ min: 0, max: 0xffffffff })

/** Read by the interface plugin, which has the interface to probe from. */
export const probe = describe(
  optional(boolean),
  'Probes for 0.6 s whether another machine on the segment has the addresses (RFC 5227, RFC 4862), before the container gets them.',
)

export const route = object({
  dst: describe(cidr, 'Destination.'),
  gw: describe(optional(ip), "Next hop. Default: the gateway of the destination's family."),
  mtu: describe(optional(number), 'MTU along the route.'),
  advmss: describe(optional(number), 'Segment size to advertise to TCP peers.'),
  priority: describe(optional(number), 'Metric; the lowest wins.'),
  table: describe(optional(number), 'Routing table. Default: main.'),
  scope: describe(optional(integer({ min: 0, max: 255 })), '0 global, 253 link, 254 host.'),
})
