/** nft's data types: the form of a key or a value in the kernel's bytes and in nft's words. */

import { formatAddress, fromBytes } from '../ip/address.ts'
import { formatMac } from '../ip/mac.ts'

/** A data type. `id` is nft's number of it (TYPE_… in nft's datatype.h), which the kernel stores for listings. */
export interface DataType {
  name: string
  id: number
  /** Bytes of a value. */
  length: number
  /** The byte order; nft stores it with a set, for its listings. */
  order: 'host' | 'network'
  format(bytes: Buffer): string
}

const formatIp = (bytes: Buffer) => formatAddress(fromBytes(bytes))

export const ipv4Addr: DataType = { name: 'ipv4_addr', id: 7, length: 4, order: 'network', format: formatIp }
export const ipv6Addr: DataType = { name: 'ipv6_addr', id: 8, length: 16, order: 'network', format: formatIp }
/** The protocols of ports, by their numbers (IANA), in nft's words. */
export const protocols = { tcp: 6, udp: 17, sctp: 132 } as const
export type Protocol = keyof typeof protocols

export const inetProto: DataType = {
  name: 'inet_proto',
  id: 12,
  length: 1,
  order: 'network',
  format: ([number]) => Object.entries(protocols).find(([, value]) => value === number)?.[0] ?? `${number}`,
}
export const inetService: DataType = {
  name: 'inet_service',
  id: 13,
  length: 2,
  order: 'network',
  format: (bytes) => String(bytes.readUInt16BE(0)),
}
export const etherAddr: DataType = {
  name: 'ether_addr',
  id: 9,
  length: 6,
  order: 'network',
  format: formatMac,
}
export const mark: DataType = {
  name: 'mark',
  id: 19,
  length: 4,
  order: 'host',
  format: (bytes) => String(bytes.readUInt32LE(0)),
}
export const ifname: DataType = {
  name: 'ifname',
  id: 41,
  length: 16,
  order: 'host',
  format: (bytes) => JSON.stringify(bytes.subarray(0, bytes.indexOf(0)).toString()),
}

/** An interface name as a key: 16 bytes, padded with NULs. A name of more than 15 bytes is cut, as in the kernel. */
export function ifnameBytes(name: string): Buffer {
  const bytes = Buffer.alloc(ifname.length)
  bytes.write(name, 0, ifname.length - 1)
  return bytes
}

/** A number as a key, in the form of a packet mark: 4 bytes in host order. */
export function markBytes(value: number): Buffer {
  const bytes = Buffer.alloc(mark.length)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A port as a key: 2 bytes in network order. */
export function serviceBytes(port: number): Buffer {
  return Buffer.from([port >> 8, port & 0xff])
}

/** A protocol as a key. */
export function protocolBytes(protocol: Protocol): Buffer {
  return Buffer.from([protocols[protocol]])
}

/** The type of a value with several parts. */
export function concatenation(...types: DataType[]): DataType {
  return {
    name: types.map(({ name }) => name).join(' . '),
    id: keyId(types),
    length: keyLength(types),
    order: 'network',
    format: (bytes) => formatKey(types, bytes),
  }
}

/** The length of a value in a concatenation, where it fills whole registers of 4 bytes. */
export function padded(length: number): number {
  return length + (-length & 3)
}

/** `a . b`: each part is padded to whole registers. A single part is not padded. */
export function concatenate(...parts: Buffer[]): Buffer {
  if (parts.length === 1) return parts[0] as Buffer
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(padded(part.length) - part.length)]))
}

/** The length of a key of these types. */
export function keyLength(types: DataType[]): number {
  const [only] = types
  if (only && types.length === 1) return only.length
  return types.reduce((sum, { length }) => sum + padded(length), 0)
}

/** nft's type number of a concatenation: six bits for each type. */
export function keyId(types: DataType[]): number {
  return types.reduce((id, type) => (id << 6) | type.id, 0)
}

/** A key in nft's words: `"veth0" . 02:00:00:00:00:01`. */
export function formatKey(types: DataType[], bytes: Buffer): string {
  let at = 0
  return types
    .map((type) => {
      const part = bytes.subarray(at, at + type.length)
      at += padded(type.length)
      return type.format(part)
    })
    .join(' . ')
}
