/** VRFs: devices with a routing table for their ports. */

import { putU32 } from 'netlink/dist/structs.js'
import { attributesIn } from './attributes.ts'
import type { Link, LinkSpec } from './link.ts'

/** IFLA_VRF_TABLE, include/uapi/linux/if_link.h. */
const TABLE = 1

/** What makes a link a VRF: `ip link add NAME type vrf table N`. */
export function vrfKind(table: number): Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  return { kind: 'vrf', data: (out) => out.push(TABLE, putU32(table)), words: `table ${table}` }
}

/** The routing table of a VRF; undefined for another link. */
export function tableOf({ kind, data }: Link): number | undefined {
  return kind === 'vrf' && data ? attributesIn(data)(TABLE)?.readUInt32LE(0) : undefined
}
