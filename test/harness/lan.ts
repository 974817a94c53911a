/** A NIC of the host, and a far host on the same wire that hears all that leaves by it, tags included. */

import { ip } from './command.ts'
import { type Netns, newContainer } from './host.ts'
import { inContainer } from './look.ts'

/** Makes a NIC, called eth0 as most containers' interfaces are unless told otherwise; the far host has `trunk`. */
export function lan(nic = 'eth0', far = newContainer('far')): Netns {
  ip(`link add ${nic} type veth peer name trunk netns ${far.name}`)
  ip(`link set ${nic} up`)
  inContainer(far, 'link set trunk up')
  return far
}
