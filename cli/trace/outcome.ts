/** What a trace finds out: whether the packet reaches its destination, and its answer the source. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { findListeners, hears } from '../../shared/netlink/listeners.ts'
import { Protocol as Family } from '../../shared/netlink/socket.ts'
import type { Traced } from '../answers/trace.ts'
import type { Ends } from './ends.ts'
import type { Spot } from './frame.ts'
import { enterAt, entranceFor, leaveFrom, type Reached } from './journey.ts'
import { shownBy, sysctlIn } from './netns.ts'
import { answerTo, type Packet, type Protocol } from './packet.ts'
import { type End, inPlace, isEnd, note, type Trace } from './trace.ts'

export type Verdict = Traced['verdict']

export interface Outcome {
  verdict: Verdict
  packet: Packet
  /** Where the packet is taken, or leaves the host. */
  reached?: Reached
  /** Where the packet, or its answer, ends before that. */
  end?: End
  /** The names of the links on the way there. */
  links: readonly string[]
  /** Whether a program listens at the port; undefined where that does not count, or is not known. */
  listens?: boolean
  /** What the operator must know besides. */
  remark?: string
}

export function outcomeOf(trace: Trace, ends: Ends, protocol: Protocol, port?: number): Outcome {
  const packet = firstPacket(ends, protocol, port)
  const there = start(trace, ends, packet)
  const links = namesOf(trace.links)
  if (isEnd(there)) return { verdict: there.verdict, packet, end: there, links }
  if (isAstray(ends, there)) return { verdict: 'astray', packet, reached: there, links }
  trace.way = 'back'
  const back = answered(trace, there)
  const outcome = { packet, reached: there, links, ...toldOf(there, protocol) }
  if (back && isEnd(back))
    return { ...outcome, verdict: back.verdict === 'unknown' ? 'unknown' : 'noAnswer', end: back }
  return { ...outcome, verdict: there.kind === 'left' ? 'leaves' : 'reaches' }
}

function firstPacket({ source, destination, family }: Ends, protocol: Protocol, port?: number): Packet {
  return {
    ...{ family, protocol, destination: destination.address, destinationPort: port },
    source: source.address ?? { family, value: 0n },
    ...{ isReply: false, isUntracked: false, mark: 0 },
  }
}

/** From its namespace; a packet from outside comes to the host by the link to its source. */
function start(trace: Trace, { source }: Ends, packet: Packet): Reached | End {
  const { host } = trace.known
  if (source.netns) return leaveFrom(trace, source.netns, packet)
  const entrance = entranceFor(host, source.address as Address)
  if (entrance) return enterAt(trace, entrance, packet)
  const why = `there is no route back to ${formatAddress(source.address as Address)}`
  return { verdict: 'noRoute', netns: host, why, command: 'ip route show' }
}

/** The names of links, a link that receives and sends once. */
function namesOf(spots: readonly Spot[]): string[] {
  const isSame = (one: Spot, other?: Spot) =>
    one.link.index === other?.link.index && one.netns.inode === other.netns.inode
  return spots.filter((spot, at) => !isSame(spot, spots[at - 1])).map(({ link }) => link.name)
}

/** Another namespace has taken it, although nothing has translated its destination. */
function isAstray({ destination }: Ends, { kind, packet, netns }: Reached): boolean {
  const isSame = packet.destination.value === destination.address.value
  return (
    kind === 'delivered' &&
    isSame &&
    destination.netns !== undefined &&
    destination.netns.inode !== netns.inode
  )
}

/** The answer's way; undefined when none is sent. */
function answered(trace: Trace, there: Reached): Reached | End | undefined {
  const { netns, link, packet, kind } = there
  const answer = answerTo(packet)
  if (kind === 'left') return enterAt(trace, { netns, link }, answer)
  const silent = ignoresEcho(there)
  if (silent) return silent
  return leaveFrom(trace, netns, answer)
}

function ignoresEcho({ netns, packet: { protocol, family } }: Reached): End | undefined {
  const name = family === 4 ? ['ipv4', 'icmp_echo_ignore_all'] : ['ipv6', 'icmp', 'echo_ignore_all']
  if (protocol !== 'icmp' || sysctlIn(netns, ...name) !== '1') return undefined
  const sysctl = ['net', ...name].join('.')
  return { verdict: 'dropped', netns, why: `${sysctl} is 1`, command: shownBy(netns, `sysctl ${sysctl}`) }
}

function toldOf(reached: Reached, protocol: Protocol): Pick<Outcome, 'listens' | 'remark'> {
  const { netns, packet, kind } = reached
  if (kind === 'left') return { remark: strangeSource(reached) ?? unansweredYet(reached) }
  const port = packet.destinationPort
  if (protocol === 'icmp' || port === undefined) return {}
  const found = findListeners(netns.socketOf(Family.SOCK_DIAG), protocol, [port])
  const listens = found?.some((one) => hears(one, packet.family, packet.destination))
  return {
    listens,
    remark: listens === false ? `no program listens at ${protocol} ${port} there` : undefined,
  }
}

/** A packet leaves with a container's address: who is outside must have a route to it. */
function strangeSource({ netns, packet }: Reached): string | undefined {
  const text = formatAddress(packet.source)
  const isOwn = netns.addresses().some(({ address }) => formatAddress(address) === text)
  return isOwn ? undefined : `with its own address ${text}, not masqueraded: the answer needs a route to it`
}

function unansweredYet({ unanswered }: Reached): string | undefined {
  return unanswered && `no neighbour has answered for ${unanswered} yet`
}

/** Says in the evidence how the way ends. */
export function noteEnd(trace: Trace, { end, reached, remark }: Outcome): void {
  if (end) note(trace, end.netns, 'delivery', `ends here: ${end.why}`, end.command)
  if (reached && remark) note(trace, reached.netns, 'delivery', `${remark} (${inPlace(reached.netns)})`)
}
