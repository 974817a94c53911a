/** A NIC of the host, and a far host on the same cable that receives all its frames, tags included. */

import { ip } from './command.ts'
import { type Netns, newContainer } from './host.ts'
import { inContainer } from './look.ts'

/** Makes a NIC, by default called eth0 like most containers' interfaces; the far host has `trunk`. */
export function lan(nic = 'eth0', far = newContainer('far')): Netns {
  ip(`link add ${nic} type veth peer name trunk netns ${far.name}`)
  ip(`link set ${nic} up`)
  inContainer(far, 'link set trunk up')
  return far
}

/** The far host becomes a switch that sends frames back on the port they came from. @param port its end of the cable */
export function reflect(far: Netns, port: string): void {
  inContainer(far, 'link add switch up type bridge')
  inContainer(far, `link set ${port} master switch`)
  inContainer(far, `link set ${port} type bridge_slave hairpin on`)
}

/** Removes the NIC of a LAN and its far host. */
export function removeLan(): void {
  ip('-n far link delete trunk')
  ip('netns delete far')
}

/**
 * The router and the host on the LAN of a NIC, 192.168.SUBNET.0/24 and fd00:SUBNET::/64: the router, which examples have
 * as gateway, is the first address; the host has .10, and its default route there.
 */
export function router(subnet: number, nic = 'eth0'): Netns {
  const far = lan(nic)
  inContainer(far, `address add 192.168.${subnet}.1/24 dev trunk`)
  inContainer(far, `address add fd00:${subnet}::1/64 dev trunk nodad`)
  inContainer(far, 'link set trunk address 02:00:5e:10:00:01')
  ip(`address add 192.168.${subnet}.10/24 dev ${nic}`)
  ip(`address add fd00:${subnet}::10/64 dev ${nic} nodad`)
  ip(`route add default via 192.168.${subnet}.1`)
  return far
}
