/** Telling the neighbours who has the addresses now, so that nobody sends to their former owner. */

import { changeLink, type Link } from '../netlink/link.ts'
import type { Request } from '../netlink/socket.ts'

/**
 * Has the kernel announce every address of an interface: a gratuitous ARP, an unsolicited neighbour advertisement.
 * It does so when the MAC address is set, even to what it is, where the sysctls arp_notify and ndisc_notify are on. (A
 * packet socket of our own would do too, but closing one waits for an RCU grace period: 10 to 40 ms.)
 */
export function announce(link: Link): Request {
  return { ...changeLink(link, { mac: link.mac }), attempt: `announce the addresses of ${link.name}` }
}
