/** Reads TUN and TAP devices over netlink, which cannot make them. */

import type { TunOptions } from '../kernel/tun.ts'
import { attributesIn } from './attributes.ts'
import type { Link } from './link.ts'

/** Attributes, include/uapi/linux/if_link.h (IFLA_TUN_*). */
const Attribute = { OWNER: 1, GROUP: 2, TYPE: 3, MULTI_QUEUE: 7 } as const

/** IFF_TUN, include/uapi/linux/if_tun.h. */
const IFF_TUN = 1

/** The options of a TUN or TAP device; undefined for another link. vnetHdr is not an option of the device: each program that opens it sets it. */
export function parseTun({ kind, data }: Link): Omit<TunOptions, 'vnetHdr'> | undefined {
  if (kind !== 'tun' || !data) return undefined
  const attribute = attributesIn(data)
  return {
    mode: attribute(Attribute.TYPE)?.[0] === IFF_TUN ? 'tun' : 'tap',
    multiQueue: attribute(Attribute.MULTI_QUEUE)?.[0] === 1,
    owner: attribute(Attribute.OWNER)?.readUInt32LE(0),
    group: attribute(Attribute.GROUP)?.readUInt32LE(0),
  }
}
