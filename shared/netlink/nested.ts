/** Attributes that hold attributes, marked as such: newer parts of the kernel insist on it, older ones have it either way. */

import { AttrStream, formatAttribute, type StreamData } from 'netlink/dist/structs.js'

/** An attribute of attributes, with NLA_F_NESTED (include/uapi/linux/netlink.h) and padded to the next one. */
export function nested(type: number, ...inner: StreamData[]): Uint8Array[] {
  const stream = new AttrStream()
  for (const data of inner) stream.emit(data)
  const data = Buffer.concat(stream.bufs)
  return [...formatAttribute({ type, nested: true, data }), Buffer.alloc(-data.length & 3)]
}

/** An attribute by itself, padded to the next one. */
export function plain(type: number, data: Uint8Array): Uint8Array[] {
  return [...formatAttribute({ type, data }), Buffer.alloc(-data.length & 3)]
}
