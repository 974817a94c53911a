/** The errors of an ADD that gets no address from a router's prefix. */

import { CniError, Code } from '../../../error/error.ts'
import { commandIn } from '../../../netlink/command.ts'
import type { Router } from '../../../netlink/router.ts'
import type { Place } from '../link.ts'

/** @param seconds how long was waited */
export function noRouter({ link: { name }, inside }: Place, seconds: number): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `no router advertised itself on ${name} within ${seconds} s, so there is no prefix for its address`,
    hint: `look for a router on this segment, and for filters of ICMPv6; to see the messages of the next try: patchbay capture ${inside.netns ?? 'host'} -i ${name} icmp6`,
    see: commandIn(inside, `tcpdump -ni ${name} icmp6`),
  })
}

/** @param dhcp6 addresses of DHCPv6 are asked for, too */
export function noPrefix({ link: { name }, inside }: Place, { managed }: Router, dhcp6: boolean): CniError {
  const byServer = managed && !dhcp6
  return new CniError(byServer ? Code.InvalidNetworkConfig : Code.TryAgainLater, {
    msg: byServer
      ? `the router on ${name} says that addresses are from DHCPv6, and has no prefix for them: set ipam.ipv6 to "dhcp6"`
      : `the router on ${name} advertises no prefix from which ${name} could make an address that is free`,
    hint: byServer
      ? 'its advertisement has the flag M; "slaac" needs a prefix with the flag A'
      : 'give the router a prefix of 64 bits with the flag A (AdvAutonomous on), or set ipam.ipv6 to "dhcp6"',
    see: commandIn(inside, `ip -6 address show dev ${name}`),
  })
}
