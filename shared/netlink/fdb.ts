/** The forwarding database of a VTEP: the remote for each MAC address. The entry for all zeros is for unknown MAC addresses. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { formatAddress, fromBytes, parseAddress, toBytes } from '../ip/address.ts'
import { formatMac } from '../ip/mac.ts'
import { Errno, KernelError } from '../kernel/errno.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWNEIGH, DELNEIGH, GETNEIGH } = rt.MessageType
const AF_BRIDGE = 7

/** The MAC address of the entries for broadcasts and frames to unknown addresses. */
const allZeros = '00:00:00:00:00:00'

/** A remote that receives a copy of broadcasts and of frames to unknown addresses. */
export interface FloodEntry {
  /** The remote VTEP, in canonical form. */
  dst: string
  /** Index of the link to the remote; without one, the routes decide. */
  via?: number
  /** The name of that link, for the command in errors. Without it `ifINDEX`, which `bridge` understands too. */
  viaName?: string
}

/** `bridge fdb append 00:00:00:00:00:00 dev VTEP dst REMOTE [via DEV]` */
export function newFloodEntry(vtep: LinkName, entry: FloodEntry): Request {
  return request(vtep, entry, NEWNEIGH, 'append')
}

/** `bridge fdb del 00:00:00:00:00:00 dev VTEP dst REMOTE [via DEV]`; ENOENT only when the VTEP has no such entry for any remote. */
export function removeFloodEntry(vtep: LinkName, entry: FloodEntry): Request {
  return request(vtep, entry, DELNEIGH, 'del')
}

function request(
  vtep: LinkName,
  { dst, via, viaName = `if${via}` }: FloodEntry,
  type: number,
  verb: 'append' | 'del',
): Request {
  const address = parseAddress(dst)
  if (!address) throw new KernelError(Errno.EINVAL, `use ${dst} as a remote: it is not an IP address`)
  const data: rt.Neighbor = {
    family: AF_BRIDGE,
    ifindex: vtep.index,
    state: { permanent: true },
    flags: { self: true },
  }
  const attrs: rt.NeighborAttrs = {
    lladdr: Buffer.alloc(6),
    dst: toBytes(address),
    ifindex: via === undefined ? undefined : putU32(via),
  }
  return {
    type,
    flags: verb === 'append' ? Flag.CREATE | Flag.APPEND : 0,
    payload: (out) => rt.formatNeighborMessage({ kind: 'neighbor', data, attrs }, out),
    attempt: `${verb === 'append' ? 'add' : 'delete'} remote ${dst} of ${vtep.name}`,
    reproduce: `bridge fdb ${verb} ${allZeros} dev ${vtep.name} dst ${dst}${via ? ` via ${viaName}` : ''}`,
  }
}

/** The remotes that receive broadcasts and frames to unknown addresses. Equivalent to `bridge fdb show dev VTEP | grep ^00:00:00:00:00:00`. */
export function listFloodEntries(socket: Socket, vtep: LinkName): FloodEntry[] {
  const payload = rt.formatNeighbor({ family: AF_BRIDGE, ifindex: vtep.index })
  const attempt = `list the remotes of ${vtep.name}`
  return dump(socket, { type: GETNEIGH, payload, attempt, see: `bridge fdb show dev ${vtep.name}` })
    .map(({ data }) => rt.parseNeighborMessage(data))
    .filter(({ data, attrs }) => data.ifindex === vtep.index && isFlood(attrs))
    .map(({ attrs: { dst, ifindex } }) => ({
      dst: formatAddress(fromBytes(dst ?? Buffer.alloc(4))),
      via: ifindex?.readUInt32LE(0),
    }))
}

function isFlood({ lladdr, dst }: rt.NeighborAttrs): boolean {
  return dst !== undefined && lladdr !== undefined && formatMac(lladdr) === allZeros
}
