/** The rules that see a frame on its way: those of the family bridge, those of IP by br_netfilter, and those at devices. */

import { attributeIn } from '../../shared/netlink/attributes.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { passBridgeHook, passHook } from './firewall.ts'
import type { Bridged, Landing, Spot } from './frame.ts'
import { shownBy, sysctlIn } from './netns.ts'
import type { Packet } from './packet.ts'
import { type End, isEnd, note, type Trace } from './trace.ts'

/** @returns the packet, of which br_netfilter may have changed the source */
export function passFrameRules(
  trace: Trace,
  { bridged, spots }: Landing,
  packet: Packet,
): { packet: Packet } | End {
  let now = packet
  for (const one of bridged) {
    const stopped = passBridgeRules(trace, one, now)
    if (stopped) return stopped
    const passed = one.from && one.to ? passIpRules(trace, one, now) : { packet: now }
    if (isEnd(passed)) return passed
    now = passed.packet
  }
  return atDevices(trace, spots) ?? { packet: now }
}

/** Chains of the family netdev, and of inet at ingress, are at devices and are not evaluated. */
function atDevices({ rulesets }: Trace, spots: readonly Spot[]): End | undefined {
  const at = spots.find(({ netns, link }) => rulesets.get(netns.inode)?.atDevices.has(link.name))
  if (!at) return undefined
  const why = `nftables has a chain at ${at.link.name} itself, which is not read`
  return { verdict: 'unknown', netns: at.netns, why, command: shownBy(at.netns, 'nft list ruleset netdev') }
}

function passBridgeRules(
  trace: Trace,
  { bridge, from, to, frame }: Bridged,
  packet: Packet,
): End | undefined {
  const { netns, link } = bridge
  const iif = from ?? link
  const oif = to ?? link
  const middle = from && to ? 'forward' : from ? 'input' : 'output'
  const hooks = [
    ...(from ? [{ hook: 'prerouting', iif } as const] : []),
    { hook: middle, ...(from && { iif }), ...(to && { oif }) } as const,
    ...(to ? [{ hook: 'postrouting', oif } as const] : []),
  ]
  for (const one of hooks) {
    const stopped = passBridgeHook(trace, { netns, ...one, from: frame.from, to: frame.to, packet })
    if (stopped) return stopped
  }
  return undefined
}

/** IFLA_BR_NF_CALL_IPTABLES, IFLA_BR_NF_CALL_IP6TABLES */
const calls = { 4: 36, 6: 37 } as const
const sysctls = { 4: 'bridge-nf-call-iptables', 6: 'bridge-nf-call-ip6tables' } as const

/** Whether br_netfilter sends what a bridge passes through the rules of IP. */
export function callsIpRules({ netns, link }: Spot, { family }: Packet): boolean {
  if (link.kind !== 'bridge') return false
  const isOwn = link.data !== undefined && attributeIn(link.data, calls[family])?.[0] === 1
  return isOwn || sysctlIn(netns, 'bridge', sysctls[family]) === '1'
}

function passIpRules(trace: Trace, { bridge, isRouted }: Bridged, packet: Packet): { packet: Packet } | End {
  if (isRouted || !callsIpRules(bridge, packet)) return { packet }
  const { netns, link } = bridge
  const name = sysctls[packet.family]
  const command = shownBy(netns, `sysctl net.bridge.${name}`)
  note(trace, netns, 'firewall', `${name} is 1: rules for IP see what ${link.name} passes`, command)
  let now = packet
  for (const hook of ['prerouting', 'forward', 'postrouting'] as const) {
    const passed = passHook(trace, { netns, hook, ...sidesOf(hook, link), packet: now })
    if (isEnd(passed)) return passed
    if (passed.packet.destination.value !== now.destination.value)
      return {
        verdict: 'unknown',
        netns,
        command,
        why: `a rule changes the destination of what ${link.name} passes (${name})`,
      }
    now = passed.packet
  }
  return { packet: now }
}

function sidesOf(hook: 'prerouting' | 'forward' | 'postrouting', link: Link) {
  return { ...(hook !== 'postrouting' && { iif: link }), ...(hook !== 'prerouting' && { oif: link }) }
}
