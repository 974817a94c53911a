/** What rules of nf_tables may look at in the first packet of a new connection, as far as that is known before it is sent. */

import { type Address, type Family, toBytes } from '../../../shared/ip/address.ts'
import { ifnameBytes } from '../../../shared/netlink/nftables-types.ts'

/** A packet that a container sends through the host. What is undefined may have any value. */
export interface Packet {
  family: Family
  source: Address
  destination?: Address
  /** The names of the links by which it comes and goes. */
  from?: string
  to?: string
}

/** Keys of `meta`: NFT_META_*, include/uapi/linux/netfilter/nf_tables.h. */
const Meta = { PROTOCOL: 1, MARK: 3, IIFNAME: 6, OIFNAME: 7, NFPROTO: 15 } as const
/** Keys of `ct`: NFT_CT_*. */
const Ct = { STATE: 0, DIRECTION: 1, STATUS: 2 } as const
/** NF_CT_STATE_BIT(IP_CT_NEW), include/uapi/linux/netfilter/nf_conntrack_common.h. */
export const STATE_NEW = 8

/** A value of which some bits are known: those that are set in `known`. */
export interface Value {
  bytes: Buffer
  known: Buffer
}

/** A value that is known. */
export const exactly = (bytes: Buffer): Value => ({ bytes, known: Buffer.alloc(bytes.length, 0xff) })

/** The mark of kube-proxy for packets to services, KUBE-MARK-MASQ, in the bytes of the host. */
export const serviceMark = Buffer.from([0, 0x40, 0, 0])

/** The value that `meta` loads; undefined when nothing of it is known. */
export function metaOf({ family, from, to }: Packet, key: number): Value | undefined {
  if (key === Meta.IIFNAME) return from === undefined ? undefined : exactly(ifnameBytes(from))
  if (key === Meta.OIFNAME) return to === undefined ? undefined : exactly(ifnameBytes(to))
  if (key === Meta.NFPROTO) return exactly(Buffer.from([family === 4 ? 2 : 10]))
  if (key === Meta.PROTOCOL) return exactly(Buffer.from(family === 4 ? [0x08, 0x00] : [0x86, 0xdd]))
  return key === Meta.MARK ? { bytes: Buffer.alloc(4), known: serviceMark } : undefined
}

/** The value that `ct` loads of a new connection, which has no translation of its destination. */
export function conntrackOf(key: number): Value | undefined {
  if (key === Ct.STATE) return exactly(Buffer.from([STATE_NEW, 0, 0, 0]))
  if (key === Ct.DIRECTION) return exactly(Buffer.alloc(1))
  return key === Ct.STATUS ? exactly(Buffer.alloc(4)) : undefined
}

/** Where the IP header has the addresses. */
const places = {
  4: { source: 12, destination: 16, length: 4 },
  6: { source: 8, destination: 24, length: 16 },
}

/** The bytes of the IP header that `payload` loads; undefined when they are not known. */
export function headerOf(packet: Packet, offset: number, length: number): Value | undefined {
  const place = places[packet.family]
  for (const side of ['source', 'destination'] as const) {
    const [at, address] = [offset - place[side], packet[side]]
    if (address && at >= 0 && at + length <= place.length)
      return exactly(toBytes(address).subarray(at, at + length))
  }
  return undefined
}
