/** Tells the neighbours of a new address of IPv4 by gratuitous ARP (RFC 5227 section 3); the kernel tells those of IPv6 (ndisc_notify). */

import { toBytes } from '../../shared/ip/address.ts'
import { parseMac } from '../../shared/ip/mac.ts'
import type { Cidr } from '../../shared/ip/subnet.ts'
import { close } from '../../shared/kernel/files.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { openPacketSocket, sendFrame } from '../../shared/netlink/packet.ts'
import type { Here } from './place.ts'

/** By frames of our own: not every kind of interface lets the kernel do it. @throws KernelError */
export function tellNeighbours(
  { namespace, link }: Pick<Here, 'namespace' | 'link'>,
  added: readonly Cidr[],
): void {
  const own = added.filter(({ address }) => address.family === 4)
  const mac = parseMac(link.mac)
  if (own.length === 0 || !mac) return
  const fd = inNamespace(namespace, () => openPacketSocket(link))
  try {
    for (const { address } of own) sendFrame(fd, gratuitousArp(mac, toBytes(address)))
  } finally {
    close(fd)
  }
}

/** A request in which sender and target have the address. */
function gratuitousArp(mac: Buffer, address: Buffer): Buffer {
  const ethernet = [Buffer.alloc(6, 0xff), mac, Buffer.from('0806', 'hex')]
  const request = [Buffer.from('0001080006040001', 'hex'), mac, address, Buffer.alloc(6), address]
  return Buffer.concat([...ethernet, ...request])
}
