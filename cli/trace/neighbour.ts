/** Single entries of neighbour tables and forwarding databases, as the kernel looks them up. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, toBytes } from '../../shared/ip/address.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { addressFamily } from '../../shared/netlink/address.ts'
import { attributesIn } from '../../shared/netlink/attributes.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { Netns } from './netns.ts'

/** struct ndmsg, include/uapi/linux/neighbour.h: its length; where the link, the state and the flags are. */
const [HEADER, IFINDEX, STATE, FLAGS] = [12, 4, 8, 10]
/** NDA_* */
const Nda = { DST: 1, LLADDR: 2, VLAN: 5, MASTER: 9 } as const
const AF_BRIDGE = 7
/** NTF_SELF */
const SELF = 2
/** NUD_* */
const states = {
  1: 'incomplete',
  2: 'reachable',
  4: 'stale',
  8: 'delay',
  16: 'probe',
  32: 'failed',
  64: 'noarp',
  128: 'permanent',
} as const

export type NeighbourState = (typeof states)[keyof typeof states] | 'none'

export interface Entry {
  state: NeighbourState
  mac?: string
}

/** `ip neighbour get ADDRESS dev LINK`; undefined when there is none. */
export function neighbourOf(netns: Netns, { index, name }: Link, address: Address): Entry | undefined {
  const header = Buffer.alloc(HEADER)
  header[0] = addressFamily(address.family)
  header.writeInt32LE(index, IFINDEX)
  const words = `ip neighbour get ${formatAddress(address)} dev ${name}`
  const found = look(netns, header, [[Nda.DST, toBytes(address)]], words)
  if (!found) return undefined
  const mac = attributesIn(found, HEADER)(Nda.LLADDR)
  const state = states[found.readUInt16LE(STATE) as keyof typeof states] ?? 'none'
  return { state, mac: mac && mac.length === 6 ? formatMac(mac) : undefined }
}

/** Where a bridge has a MAC address. */
export interface BridgeEntry {
  /** Index of the port, or of the bridge for an address of its own. */
  port: number
  /** It stays when a frame with the address comes by another port. */
  isSticky: boolean
}

/** NUD_PERMANENT: of the bridge itself. NTF_STICKY. */
const [PERMANENT, STICKY] = [0x80, 0x40]

/** `bridge fdb get MAC br BRIDGE [vlan N]`. Linux 5.1. */
export function bridgePortOf(
  netns: Netns,
  bridge: Link,
  mac: string,
  vlan?: number,
): BridgeEntry | undefined {
  const header = Buffer.alloc(HEADER)
  header[0] = AF_BRIDGE
  const attributes: [number, Uint8Array][] = [
    [Nda.LLADDR, parseMac(mac) ?? Buffer.alloc(6)],
    [Nda.MASTER, putU32(bridge.index)],
  ]
  if (vlan !== undefined) attributes.push([Nda.VLAN, Buffer.from([vlan & 0xff, vlan >> 8])])
  const found = look(netns, header, attributes, `bridge fdb get ${mac} br ${bridge.name}`)
  if (!found) return undefined
  const isOwn = (found.readUInt16LE(STATE) & PERMANENT) !== 0
  return { port: found.readInt32LE(IFINDEX), isSticky: isOwn || ((found[FLAGS] ?? 0) & STICKY) !== 0 }
}

/** `bridge fdb get MAC dev VTEP self`: the remote for a MAC address. */
export function remoteOf(netns: Netns, vtep: Link, mac: string): Address | undefined {
  const header = Buffer.alloc(HEADER)
  header[0] = AF_BRIDGE
  header.writeInt32LE(vtep.index, IFINDEX)
  header[FLAGS] = SELF
  const attributes: [number, Uint8Array][] = [[Nda.LLADDR, parseMac(mac) ?? Buffer.alloc(6)]]
  const found = look(netns, header, attributes, `bridge fdb get ${mac} dev ${vtep.name} self`)
  const remote = found && attributesIn(found, HEADER)(Nda.DST)
  return remote && fromBytes(remote)
}

function look(
  { socket }: Netns,
  header: Buffer,
  attributes: readonly [type: number, value: Uint8Array][],
  words: string,
): Buffer | undefined {
  try {
    const [reply] = ask(socket, {
      type: rt.MessageType.GETNEIGH,
      flags: 0,
      single: true,
      payload: (out) => {
        out.emit(header)
        for (const [type, value] of attributes) out.push(type, value)
      },
      attempt: words,
      see: words,
    })
    return reply?.data
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'EINVAL')) return undefined
    throw error
  }
}
