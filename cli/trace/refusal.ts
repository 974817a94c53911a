/** Why the kernel does not route a packet on. */

import { formatAddress } from '../../shared/ip/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { lookUp, type Refusal, type Route } from './lookup.ts'
import { type Netns, shownBy, sysctlIn } from './netns.ts'
import type { Packet } from './packet.ts'
import type { End } from './trace.ts'

/** RTN_BLACKHOLE and others that refuse. */
const refusing: readonly string[] = ['blackhole', 'unreachable', 'prohibit', 'unspec']

/** Why a packet that was received, or is sent, has no route; undefined when it has one. @param iif by which it was received */
export function refusal(netns: Netns, packet: Packet, route: Route | Refusal, iif?: Link): End | undefined {
  const to = formatAddress(packet.destination)
  const { command } = route
  if (!('refusal' in route)) {
    if (!refusing.includes(route.type)) return undefined
    return {
      verdict: 'noRoute',
      netns,
      why: `the route to ${to} is of type ${route.type} (${route.entry})`,
      command,
    }
  }
  const { errno } = route.refusal
  if (iif) return refusalOf(netns, packet, iif, errno, command)
  const type = typesByErrno[errno]
  const why = type ? `the route to ${to} is of type ${type}` : `there is no route to ${to}`
  return { verdict: 'noRoute', netns, why, command }
}

/** What the look-up for a packet of the namespace itself answers for a route that refuses. */
const typesByErrno: Partial<Record<string, string>> = {
  EINVAL: 'blackhole',
  EACCES: 'prohibit',
  EHOSTUNREACH: 'unreachable',
}

/** What the kernel's look-up for a received packet refuses (ip_route_input_slow, fib_validate_source). */
function refusalOf(netns: Netns, packet: Packet, iif: Link, errno: string, command: string): End {
  const { name } = iif
  const [from, to]: [string, string] = [formatAddress(packet.source), formatAddress(packet.destination)]
  const filter = strictFilter(netns, packet, iif)
  if (errno === 'EXDEV' || (errno === 'EINVAL' && filter)) {
    const why = `rp_filter of ${filter ?? name}: the way back to ${from} is not by ${name}`
    return { verdict: 'dropped', netns, why, command }
  }
  if (errno === 'EINVAL') {
    const why = `${from} is no source that may come by ${name} to ${to} (martian)`
    return { verdict: 'dropped', netns, why, command }
  }
  const closed = packet.family === 4 ? forwardingOff4(netns, name) : undefined
  return closed ?? { verdict: 'noRoute', netns, why: `there is no route to ${to}`, command }
}

/** IPv4 has a switch for each link that receives. */
function forwardingOff4(netns: Netns, link: string): End | undefined {
  if (sysctlIn(netns, 'ipv4', 'conf', link, 'forwarding') !== '0') return undefined
  const isAllOff = sysctlIn(netns, 'ipv4', 'ip_forward') === '0'
  return switchedOff(netns, isAllOff ? 'net.ipv4.ip_forward' : `net.ipv4.conf.${link}.forwarding`)
}

/** IPv6 has one switch for the namespace; since Linux 6.17 a link can be an exception (ip6_forward, net/ipv6/ip6_output.c). */
export function forwardingOff6(netns: Netns, link: string): End | undefined {
  const isOn =
    sysctlIn(netns, 'ipv6', 'conf', 'all', 'forwarding') !== '0' ||
    sysctlIn(netns, 'ipv6', 'conf', link, 'force_forwarding') === '1'
  return isOn ? undefined : switchedOff(netns, 'net.ipv6.conf.all.forwarding')
}

function switchedOff(netns: Netns, name: string): End {
  const command = shownBy(netns, `sysctl ${name}`)
  return { verdict: 'dropped', netns, why: `forwarding is off: ${name} is 0`, command }
}

/** Whose rp_filter refuses a source: 1 wants the route to it by the link, 2 any route. Newer kernels answer EINVAL for it as for other sources. */
function strictFilter(netns: Netns, { source, family }: Packet, { index, name }: Link): string | undefined {
  if (family === 6) return undefined
  const values = ['all', name].map(
    (one) => [one, Number(sysctlIn(netns, 'ipv4', 'conf', one, 'rp_filter') ?? 0)] as const,
  )
  const [whose, value] = values.reduce((one, other) => (other[1] > one[1] ? other : one))
  const back = value > 0 ? lookUp(netns, { to: source }) : undefined
  if (!back) return undefined
  if ('refusal' in back) return whose
  return back.type === 'unicast' && value === 1 && back.link !== index ? whose : undefined
}
