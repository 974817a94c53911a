/** The VNI filter of a VTEP in external mode: the VNIs that it accepts (Linux 5.18). */

import { parseAttributes, putU32 } from 'netlink/dist/structs.js'
import type { LinkName } from './link.ts'
import { nested, plain } from './nested.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

/** include/uapi/linux/rtnetlink.h. */
const RTM_NEWTUNNEL = 120
const RTM_GETTUNNEL = 122
const AF_BRIDGE = 7

/** include/uapi/linux/if_link.h. */
const VXLAN_VNIFILTER_ENTRY = 1
const VXLAN_VNIFILTER_ENTRY_START = 1
const VXLAN_VNIFILTER_ENTRY_END = 2

/** A range of VNIs, both ends included. */
export interface VniRange {
  min: number
  max: number
}

/** `bridge vni add vni MIN-MAX dev VTEP` */
export function newVniRange(vtep: LinkName, { min, max }: VniRange): Request {
  const range = min === max ? `${min}` : `${min}-${max}`
  return {
    type: RTM_NEWTUNNEL,
    flags: Flag.CREATE | Flag.EXCL,
    payload: [
      tunnelMessage(vtep),
      ...nested(
        VXLAN_VNIFILTER_ENTRY,
        plain(VXLAN_VNIFILTER_ENTRY_START, putU32(min)),
        max === min ? [] : plain(VXLAN_VNIFILTER_ENTRY_END, putU32(max)),
      ),
    ],
    attempt: `add VNI ${range} to ${vtep.name}`,
    reproduce: `bridge vni add vni ${range} dev ${vtep.name}`,
  }
}

/** The VNIs that a VTEP accepts; the kernel joins adjacent ranges. Equivalent to `bridge vni show dev VTEP`. */
export function listVnis(socket: Socket, vtep: LinkName): VniRange[] {
  const ranges: VniRange[] = []
  const attempt = `list the VNIs of ${vtep.name}`
  const see = `bridge vni show dev ${vtep.name}`
  const payload = tunnelMessage(vtep)
  for (const { data } of dump(socket, { type: RTM_GETTUNNEL, payload, attempt, see })) {
    parseAttributes(data.subarray(8), ({ type, data: entry }) => {
      if (type === VXLAN_VNIFILTER_ENTRY) ranges.push(parseRange(entry))
    })
  }
  return ranges
}

function parseRange(entry: Buffer): VniRange {
  let [min, max] = [0, 0]
  parseAttributes(entry, ({ type, data }) => {
    if (type === VXLAN_VNIFILTER_ENTRY_START) min = data.readUInt32LE(0)
    if (type === VXLAN_VNIFILTER_ENTRY_END) max = data.readUInt32LE(0)
  })
  return { min, max: max || min }
}

/** struct tunnel_msg, include/uapi/linux/if_link.h: family, flags, reserved, ifindex. */
function tunnelMessage({ index }: LinkName): Buffer {
  return Buffer.concat([Buffer.from([AF_BRIDGE, 0, 0, 0]), putU32(index)])
}
