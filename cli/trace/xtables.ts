/** Matches and targets of xtables in rules that iptables-nft made; of the others only their names are known. */

import type { Effect } from './expressions.ts'
import type { Packet } from './packet.ts'
import { addressIn, loadFib } from './selectors.ts'
import type { Situation } from './situation.ts'

type Match = (info: Buffer, situation: Situation) => boolean | undefined

/** NF_CT_STATE_BIT as xt_conntrack has them: 1 invalid, 2 established, 8 new, 64 untracked. XT_CONNTRACK_STATE. */
const CT_STATE = 1

/** struct xt_conntrack_mtinfo3 (xt_conntrack.h): after addresses, timers and ports its flags; the states stand at the end. */
const [CT_FLAGS, CT_INVERT, CT_MASK] = [146, 148, 150]

const matches: Readonly<Record<string, Match>> = {
  comment: () => true,
  conntrack: (info, { packet, flow }) => {
    if (info.length < 152 || info.readUInt16LE(CT_FLAGS) !== CT_STATE) return undefined
    const state = packet.isUntracked ? 64 : !flow ? 1 : packet.isReply ? 2 : 8
    const fits = (info.readUInt16LE(CT_MASK) & state) !== 0
    return fits !== ((info.readUInt16LE(CT_INVERT) & CT_STATE) !== 0)
  },
  // struct xt_addrtype_info_v1: masks of the source's and the destination's types, flags.
  addrtype: (info, situation) => {
    const [source, destination, flags] = [info.readUInt16LE(0), info.readUInt16LE(2), info.readUInt32LE(4)]
    // Bits 0 and 1 invert; 2 and 3 limit to a link.
    if (flags & 0xc) return undefined
    const fits = (mask: number, by: number, inverts: number) => {
      const loaded = loadFib(3, by, situation)
      const type = Array.isArray(loaded) ? (loaded[0] as number) : 1
      return mask === 0 || ((mask >> type) & 1) !== (flags & inverts ? 1 : 0)
    }
    return fits(source, 1, 1) && fits(destination, 2, 2)
  },
  // struct xt_mark_mtinfo1: mark, mask, invert.
  mark: (info, { packet }) =>
    ((packet.mark & info.readUInt32LE(4)) >>> 0 === info.readUInt32LE(0)) !== (info[8] === 1),
  // struct xt_tcp: ranges of ports, option, flags' mask and values, inversions.
  tcp: (info, { packet }) => {
    if (packet.protocol !== 'tcp') return false
    const [option, mask, flags, inverts] = [info[8], info[9] ?? 0, info[10] ?? 0, info[11] ?? 0]
    if (option) return undefined
    const own = packet.isReply ? 0x12 : 0x02
    const hasFlags = ((own & mask) === flags) !== ((inverts & 4) !== 0)
    return hasFlags && portsFit(info, packet, inverts)
  },
  // struct xt_udp: ranges of ports, inversions.
  udp: (info, { packet }) => (packet.protocol === 'udp' ? portsFit(info, packet, info[8] ?? 0) : false),
}

function portsFit(
  info: Buffer,
  { sourcePort, destinationPort }: Packet,
  inverts: number,
): boolean | undefined {
  const fits = (port: number | undefined, at: number, bit: number) => {
    const [first, last] = [info.readUInt16LE(at), info.readUInt16LE(at + 2)]
    if (first === 0 && last === 0xffff) return (inverts & bit) === 0
    return port === undefined ? undefined : (port >= first && port <= last) !== ((inverts & bit) !== 0)
  }
  const [source, destination] = [fits(sourcePort, 0, 1), fits(destinationPort, 4, 2)]
  if (source === false || destination === false) return false
  return source && destination
}

export function matchOf(name: string, info: Buffer, situation: Situation): Effect {
  const fits = Object.hasOwn(matches, name) ? matches[name]?.(info, situation) : undefined
  if (fits === undefined) return { kind: 'unknown', why: `its match ${name} of xtables is not read` }
  return fits ? undefined : { kind: 'break' }
}

/** Targets after which the next rule is looked at, and that change nothing that a trace follows. */
const passing = [
  'LOG',
  'NFLOG',
  'TCPMSS',
  'CHECKSUM',
  'CLASSIFY',
  'TRACE',
  'CONNMARK',
  'CT',
  'DSCP',
  'TOS',
  'TTL',
  'HL',
]

export function targetOf(name: string, info: Buffer, situation: Situation, masquerade: () => Effect): Effect {
  if (passing.includes(name)) return undefined
  if (name === 'REJECT') return { kind: 'reject' }
  if (name === 'MASQUERADE') return masquerade()
  if (name === 'DNAT' || name === 'SNAT') return translated(name, info, situation.packet) ?? unread(name)
  return unread(name)
}

const unread = (name: string): Effect => ({
  kind: 'unknown',
  why: `its target ${name} of xtables is not read`,
  isAction: true,
})

/** NF_NAT_RANGE_MAP_IPS, NF_NAT_RANGE_PROTO_SPECIFIED. */
const [MAP_IPS, PROTO] = [1, 2]
/** struct nf_nat_range and nf_nat_range2: flags, addresses of 16 bytes, ports. struct nf_nat_ipv4_multi_range_compat has a count before. */
const [RANGE, RANGE2, OLD] = [40, 44, 20]

function translated(name: string, info: Buffer, packet: Packet): Effect {
  const isOld = info.length < RANGE
  if (isOld && info.length < OLD) return undefined
  const start = isOld ? 4 : 0
  const flags = info.readUInt32LE(start)
  const size = isOld ? 4 : 16
  const [first, last] = [
    info.subarray(start + 4, start + 4 + size),
    info.subarray(start + 4 + size, start + 4 + 2 * size),
  ]
  const ports = start + 4 + 2 * size
  const [port, lastPort] = [info.readUInt16BE(ports), info.readUInt16BE(ports + 2)]
  const isRange = (flags & MAP_IPS && !first.equals(last)) || (flags & PROTO && port !== lastPort)
  if (isRange || info.length > RANGE2 + 4) return undefined
  const address =
    flags & MAP_IPS ? addressIn([...first.subarray(0, packet.family === 4 ? 4 : 16)]) : undefined
  const portValue = flags & PROTO ? port : undefined
  if (name === 'DNAT')
    return {
      kind: 'translated',
      packet: {
        ...packet,
        destination: address ?? packet.destination,
        destinationPort: packet.protocol === 'icmp' ? undefined : (portValue ?? packet.destinationPort),
      },
    }
  return {
    kind: 'translated',
    packet: { ...packet, source: address ?? packet.source, sourcePort: portValue ?? packet.sourcePort },
  }
}
