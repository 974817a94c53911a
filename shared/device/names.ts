/** Names derived from an attachment, so that DEL and GC find what ADD made without having been told. */

import type { Attachment } from '../cni/plugin.ts'

/** FNV-1a of 64 bits (RFC 9923): spreads names well; nothing here is a secret. */
export function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

/** The host's end of an attachment's veth pair: `veth` and 11 hexadecimal digits, 15 bytes as IFNAMSIZ allows. */
export function hostIfname({ network, containerID, ifname }: Attachment): string {
  return `veth${fnv1a(`${network}/${containerID}/${ifname}`).toString(16).padStart(16, '0').slice(0, 11)}`
}
