/**
 * All entries of a VTEP that a control plane writes: remotes of MAC addresses, and neighbours that it answers for (`proxy`). There may be ten
 * thousands, so messages are read and made without the codecs of the npm package.
 */

import * as rt from 'netlink/dist/rt/structs.js'
import { formatAddress, fromBytes, parseAddress, toBytes } from '../ip/address.ts'
import { formatMac, parseMac } from '../ip/mac.ts'
import { Errno, KernelError } from '../kernel/errno.ts'
import { addressFamily } from './address.ts'
import { attributesIn } from './attributes.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWNEIGH, DELNEIGH, GETNEIGH } = rt.MessageType
const AF_BRIDGE = 7

/** struct ndmsg, include/uapi/linux/neighbour.h: family, padding, ifindex (4), state (8), flags (10), type. */
const HEADER_LENGTH = 12
const Nda = { DST: 1, LLADDR: 2, PORT: 6, IFINDEX: 8 } as const
const [NUD_NOARP, NUD_PERMANENT] = [0x40, 0x80]
const NTF_SELF = 0x02

/** The MAC address of the entries for broadcasts and frames to unknown addresses. */
export const floodMac = '00:00:00:00:00:00'

/** Another VTEP. */
export interface Remote {
  /** In canonical form. */
  dst: string
  /** Its UDP port; without one, that of our VTEP. */
  port?: number
  /** Index of the link to it; without one, the routes decide. */
  via?: number
}

/** An entry of the FDB, or a neighbour. `noarp` (`static` in `bridge fdb`) is what neither the kernel nor Patchbay writes. */
interface Kept {
  state: 'permanent' | 'noarp' | 'other'
  mac: string
}
export type FdbEntry = Kept & Remote
export type NeighbourEntry = Kept & { address: string }

/** `bridge fdb show dev VTEP`, without the bridge's own entries for this port. */
export function listFdb(socket: Socket, vtep: LinkName): FdbEntry[] {
  const payload = header(AF_BRIDGE, vtep.index, 0, 0)
  const request = {
    type: GETNEIGH,
    payload,
    attempt: `list the FDB of ${vtep.name}`,
    see: `bridge fdb show dev ${vtep.name}`,
  }
  return dump(socket, request).flatMap(({ data }) => {
    if (data.readInt32LE(4) !== vtep.index) return []
    const attribute = attributesIn(data, HEADER_LENGTH)
    const [lladdr, dst] = [attribute(Nda.LLADDR), attribute(Nda.DST)]
    if (!lladdr || !dst) return []
    const port = attribute(Nda.PORT)?.readUInt16BE(0)
    const via = attribute(Nda.IFINDEX)?.readUInt32LE(0)
    return [{ mac: formatMac(lladdr), dst: formatAddress(fromBytes(dst)), port, via, state: stateOf(data) }]
  })
}

/** `ip neighbour show dev VTEP`, both families. */
export function listNeighbourEntries(socket: Socket, vtep: LinkName): NeighbourEntry[] {
  return ([4, 6] as const).flatMap((family) => {
    const payload = Buffer.concat([
      header(addressFamily(family), 0, 0, 0),
      attribute(Nda.IFINDEX, u32(vtep.index)),
    ])
    const see = `ip -${family} neighbour show dev ${vtep.name}`
    return dump(socket, {
      type: GETNEIGH,
      payload,
      attempt: `list the neighbours of ${vtep.name}`,
      see,
    }).flatMap(({ data }) => {
      if (data.readInt32LE(4) !== vtep.index) return []
      const attribute = attributesIn(data, HEADER_LENGTH)
      const [lladdr, dst] = [attribute(Nda.LLADDR), attribute(Nda.DST)]
      if (!lladdr || !dst) return []
      return [{ mac: formatMac(lladdr), address: formatAddress(fromBytes(dst)), state: stateOf(data) }]
    })
  })
}

function stateOf(message: Buffer): Kept['state'] {
  const state = message.readUInt16LE(8)
  if (state & NUD_PERMANENT) return 'permanent'
  return state & NUD_NOARP ? 'noarp' : 'other'
}

/** `bridge fdb append 00:00:00:00:00:00 dev VTEP dst REMOTE …`; for another MAC address `bridge fdb replace MAC …`. */
export function setFdbEntry(vtep: LinkName, mac: string, remote: Remote): Request {
  const isFlood = mac === floodMac
  return {
    ...fdbRequest(vtep, mac, remote, isFlood ? 'append' : 'replace'),
    type: NEWNEIGH,
    flags: Flag.CREATE | (isFlood ? Flag.APPEND : Flag.REPLACE),
  }
}

/** `bridge fdb del MAC dev VTEP dst REMOTE …`; ENOENT when there is none. */
export function removeFdbEntry(vtep: LinkName, mac: string, remote: Remote): Request {
  return { ...fdbRequest(vtep, mac, remote, 'del'), type: DELNEIGH, flags: 0 }
}

function fdbRequest(vtep: LinkName, mac: string, { dst, port, via }: Remote, verb: string) {
  const payload = Buffer.concat([
    header(AF_BRIDGE, vtep.index, NUD_PERMANENT, NTF_SELF),
    attribute(Nda.LLADDR, macBytes(mac)),
    attribute(Nda.DST, addressBytes(dst)),
    ...(port === undefined ? [] : [attribute(Nda.PORT, Buffer.from([port >> 8, port & 0xff]))]),
    ...(via === undefined ? [] : [attribute(Nda.IFINDEX, u32(via))]),
  ])
  const words = `${mac} dev ${vtep.name} dst ${dst}${port ? ` port ${port}` : ''}${via ? ` via if${via}` : ''}`
  return {
    payload,
    attempt: `${verb === 'del' ? 'delete' : 'set'} remote ${dst} of ${mac}`,
    reproduce: `bridge fdb ${verb} ${words}`,
  }
}

/** `ip neighbour replace ADDRESS lladdr MAC dev VTEP nud permanent` */
export function setNeighbourEntry(vtep: LinkName, address: string, mac: string): Request {
  return {
    type: NEWNEIGH,
    flags: Flag.CREATE | Flag.REPLACE,
    payload: neighbour(vtep, address, NUD_PERMANENT, [attribute(Nda.LLADDR, macBytes(mac))]),
    attempt: `add neighbour ${address} of ${vtep.name}`,
    reproduce: `ip neighbour replace ${address} lladdr ${mac} dev ${vtep.name} nud permanent`,
  }
}

/** `ip neighbour del ADDRESS dev VTEP`; ENOENT when there is none. */
export function removeNeighbourEntry(vtep: LinkName, address: string): Request {
  return {
    type: DELNEIGH,
    flags: 0,
    payload: neighbour(vtep, address, 0, []),
    attempt: `delete neighbour ${address} of ${vtep.name}`,
    reproduce: `ip neighbour del ${address} dev ${vtep.name}`,
  }
}

function neighbour({ index }: LinkName, address: string, state: number, more: Buffer[]): Buffer {
  const bytes = addressBytes(address)
  const family = addressFamily(bytes.length === 4 ? 4 : 6)
  return Buffer.concat([header(family, index, state, 0), attribute(Nda.DST, bytes), ...more])
}

function header(family: number, index: number, state: number, flags: number): Buffer {
  const bytes = Buffer.alloc(HEADER_LENGTH)
  bytes.writeUInt8(family, 0)
  bytes.writeInt32LE(index, 4)
  bytes.writeUInt16LE(state, 8)
  bytes.writeUInt8(flags, 10)
  return bytes
}

/** struct nlattr: length and type, and a value padded to four bytes. */
function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3)
  bytes.writeUInt16LE(4 + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  value.copy(bytes, 4)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function macBytes(mac: string): Buffer {
  const bytes = parseMac(mac)
  if (!bytes) throw new KernelError(Errno.EINVAL, `use ${mac}: it is no MAC address`)
  return bytes
}

function addressBytes(text: string): Buffer {
  const address = parseAddress(text)
  if (!address) throw new KernelError(Errno.EINVAL, `use ${text}: it is no IP address`)
  return toBytes(address)
}
