/** VLANs: devices that send and receive frames with one IEEE 802.1Q (or 802.1ad) tag on their parent. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import { parseAttributes } from 'netlink/dist/structs.js'
import { wordsOf } from './command.ts'
import type { Link, LinkSpec } from './link.ts'

/** A tag: the EtherType before it (include/uapi/linux/if_ether.h), and its VLAN ID of twelve bits. */
export interface Tag {
  protocol: VlanProtocol
  id: number
}

/** ETH_P_8021Q, the customer's tag, and ETH_P_8021AD, the service provider's tag, which is the outer one. */
const etherTypes = { '802.1Q': 0x8100, '802.1ad': 0x88a8 } as const

export type VlanProtocol = keyof typeof etherTypes

/** Maps one priority to another. */
export type PriorityMap = ReadonlyMap<number, number>

export interface VlanOptions extends Tag {
  /** The kernel removes the tag from received frames. The kernel's default: on. */
  reorder?: boolean
  gvrp?: boolean
  mvrp?: boolean
  /** The device stays up when the parent is down. */
  looseBinding?: boolean
  /** From the tag's priority (PCP, 0 to 7) to the packet's (SO_PRIORITY). */
  ingress?: PriorityMap
  /** From the packet's priority to the tag's. */
  egress?: PriorityMap
}

/** enum vlan_flags, include/uapi/linux/if_vlan.h, in iproute2's words. */
const flags = {
  reorder: [1, 'reorder_hdr'],
  gvrp: [2, 'gvrp'],
  looseBinding: [4, 'loose_binding'],
  mvrp: [8, 'mvrp'],
} as const

type Flag = keyof typeof flags

/** IFLA_VLAN_QOS_MAPPING, include/uapi/linux/if_link.h. */
const IFLA_VLAN_QOS_MAPPING = 1

/** What makes a link a VLAN: `ip link add link PARENT NAME type vlan protocol 802.1ad id 100 …` */
export function vlanKind(options: VlanOptions): Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  const { protocol, id, ingress, egress } = options
  return {
    kind: 'vlan',
    data: ifla.formatVlan({
      id,
      protocol: swap(etherTypes[protocol]),
      flags: ifla.formatVlanFlagsMask(flagsOf(options)),
      ingressQos: formatMap(ingress),
      egressQos: formatMap(egress),
    }),
    words: vlanWords(options),
  }
}

/** Network byte order, for a codec that writes host order; both architectures are little-endian. */
function swap(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}

/** The given flags as `mask`, and those of them that are on as `flags`. */
function flagsOf(options: VlanOptions): { flags: number; mask: number } {
  const bits = (which: (value?: boolean) => boolean) =>
    (Object.keys(flags) as Flag[])
      .filter((name) => which(options[name]))
      .reduce((sum, name) => sum | flags[name][0], 0)
  return { flags: bits((value) => value === true), mask: bits((value) => value !== undefined) }
}

/** struct ifla_vlan_qos_mapping, one for each entry. */
function formatMap(map: PriorityMap = new Map()): Buffer | undefined {
  if (map.size === 0) return undefined
  const entries = [...map].map(([from, to]) => {
    const entry = Buffer.alloc(12)
    entry.writeUInt16LE(12, 0)
    entry.writeUInt16LE(IFLA_VLAN_QOS_MAPPING, 2)
    entry.writeUInt32LE(from, 4)
    entry.writeUInt32LE(to, 8)
    return entry
  })
  return Buffer.concat(entries)
}

function vlanWords(options: VlanOptions): string {
  const { protocol, id, ingress, egress } = options
  const switches = (Object.keys(flags) as Flag[]).map((name) => [flags[name][1], options[name]])
  const words = wordsOf({ protocol, id, ...Object.fromEntries(switches) })
  return [words, ...mapWords('ingress-qos-map', ingress), ...mapWords('egress-qos-map', egress)].join(' ')
}

function mapWords(word: string, map: PriorityMap = new Map()): string[] {
  return map.size === 0 ? [] : [word, ...[...map].map(([from, to]) => `${from}:${to}`)]
}

/** A VLAN's options, from its link's `data`. The maps lack priorities that map to 0: the kernel does not send them. */
export function parseVlan(data: Buffer): Required<VlanOptions> {
  const vlan = ifla.parseVlan(data)
  const isOn = (name: Flag) => ((vlan.flags?.readUInt32LE(0) ?? 0) & flags[name][0]) !== 0
  return {
    id: vlan.id ?? 0,
    protocol: swap(vlan.protocol ?? 0) === etherTypes['802.1ad'] ? '802.1ad' : '802.1Q',
    reorder: isOn('reorder'),
    gvrp: isOn('gvrp'),
    looseBinding: isOn('looseBinding'),
    mvrp: isOn('mvrp'),
    ingress: parseMap(vlan.ingressQos),
    egress: parseMap(vlan.egressQos),
  }
}

/** Whether a link is a VLAN with a tag. */
export function hasTag({ kind, data }: Link, { id, protocol }: Tag): boolean {
  if (kind !== 'vlan' || !data) return false
  const vlan = parseVlan(data)
  return vlan.id === id && vlan.protocol === protocol
}

function parseMap(data?: Buffer): PriorityMap {
  const map = new Map<number, number>()
  parseAttributes(data ?? Buffer.alloc(0), ({ data: entry }) => {
    map.set(entry.readUInt32LE(0), entry.readUInt32LE(4))
  })
  return map
}
