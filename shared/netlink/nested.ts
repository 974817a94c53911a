/** Attributes that contain attributes, with the flag NLA_F_NESTED: newer parts of the kernel require it, older parts ignore it. */

import { formatAttribute, type StreamData } from 'netlink/dist/structs.js'
import { Datagram } from './datagram.ts'

/** An attribute that contains attributes, with NLA_F_NESTED (include/uapi/linux/netlink.h) and padding. */
export function nested(type: number, ...inner: StreamData[]): Uint8Array[] {
  const stream = new Datagram()
  for (const data of inner) stream.emit(data)
  const data = stream.bytes()
  return [...formatAttribute({ type, nested: true, data }), Buffer.alloc(-data.length & 3)]
}

/** An attribute without NLA_F_NESTED, with padding. */
export function plain(type: number, data: Uint8Array): Uint8Array[] {
  return [...formatAttribute({ type, data }), Buffer.alloc(-data.length & 3)]
}
