/** Announces the addresses of an interface, so that neighbours update their caches and do not send to the former owner. */

import { changeLink, type Link } from '../netlink/link.ts'
import type { Request } from '../netlink/socket.ts'

/**
 * Has the kernel announce every address of an interface: a gratuitous ARP, an unsolicited neighbour advertisement.
 * The kernel does so when the MAC address is set, also to the same value, if the sysctls arp_notify and ndisc_notify are
 * on. (A packet socket would do it too, but closing one waits for an RCU grace period: 10 to 40 ms.)
 */
export function announce(link: Link): Request {
  return { ...changeLink(link, { mac: link.mac }), attempt: `announce the addresses of ${link.name}` }
}
