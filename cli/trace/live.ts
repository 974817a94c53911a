/** A real packet beside the simulated one: it is sent, nftrace tells what rules do with it, and its arrival and answer are seen. */

import { formatAddress, toBytes } from '../../shared/ip/address.ts'
import { now, readableOf } from '../../shared/kernel/clock.ts'
import { Errno } from '../../shared/kernel/errno.ts'
import { close, type Fd } from '../../shared/kernel/files.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { syscall } from '../../shared/kernel/syscall.ts'
import { openPacketSocket } from '../../shared/netlink/packet.ts'
import { misuse } from '../form/arguments.ts'
import type { Ends } from './ends.ts'
import type { Spot } from './frame.ts'
import { eventsOf } from './live-events.ts'
import { mostAtOnce, openProbe, type Probe } from './live-socket.ts'
import { type Listening, listenIn } from './live-table.ts'
import type { Netns } from './netns.ts'
import type { Outcome } from './outcome.ts'
import { type Packet, protocolNumber } from './packet.ts'
import { inPlace, type Trace } from './trace.ts'

export interface Live {
  /** Seen at its destination, or when it left the host. */
  arrived: boolean
  /** Undefined: none came, which says nothing where a program may be silent. */
  answered?: boolean
  /** The kernel refused to send it: the errno. */
  refused?: string
  traced: { netns: Netns; text: string }[]
}

/** Milliseconds for an answer; then a moment for what is still told. */
const [patience, moment, tick] = [2000, 50, 20]

/** What a live trace would do, for --dry-run. */
export function livePlan(trace: Trace, ends: Ends, { packet }: Outcome): string[] {
  const places = placesOf(trace, ends).map(inPlace).join(', ')
  const port = packet.destinationPort === undefined ? '' : ` ${packet.destinationPort}`
  return [
    `would send one packet to ${formatAddress(packet.destination)} ${packet.protocol}${port} from ${places.split(', ')[0]}`,
    `would add a table of nftables that marks it for nftrace, for 3 seconds at most, in ${places}`,
  ]
}

/** @throws CniError when the source is not on this host @throws KernelError */
export function liveOf(trace: Trace, ends: Ends, outcome: Outcome): Live {
  const { source } = ends
  if (!source.netns)
    throw misuse('--live needs a source on this host', 'name a container, a namespace or host')
  const probe = openProbe(source.netns, outcome.packet)
  const heard: Listening[] = []
  let wire: Fd | undefined
  try {
    for (const netns of placesOf(trace, ends)) {
      const one = listenIn(netns, `patchbay-trace-${syscall('getpid')}`, outcome.packet, probe.number)
      if (one) heard.push(one)
    }
    const spot = watchedSpot(ends, outcome)
    wire = spot && inNamespace(spot.netns.namespace, () => openPacketSocket(spot.link))
    return watch(probe, heard, wire, outcome)
  } finally {
    for (const one of heard) one.close()
    if (wire !== undefined) close(wire)
    probe.close()
  }
}

/** The namespaces on the way, the source's first. */
function placesOf({ hops }: Trace, { source, destination }: Ends): Netns[] {
  const all = [
    source.netns,
    ...hops.filter(({ way }) => way === 'there').map(({ netns }) => netns),
    destination.netns,
  ]
  return [...new Set(all.flatMap((netns) => netns ?? []))]
}

/** Where the packet is looked for: where the simulation ended well, or the link with the destination's address. */
function watchedSpot({ destination }: Ends, { reached }: Outcome): Spot | undefined {
  if (reached) return reached
  const { netns, address } = destination
  const own = netns?.addresses().find((one) => one.address.value === address.value)
  const link = own && netns?.links().get(own.link)
  return netns && link && { netns, link }
}

function watch(probe: Probe, heard: readonly Listening[], wire: Fd | undefined, outcome: Outcome): Live {
  const { packet } = outcome
  const readers = heard.map((one) => ({
    netns: one.netns,
    read: eventsOf(one, packet.protocol === 'icmp' ? 4 : 0),
  }))
  const live: Live = { arrived: false, traced: [] }
  live.refused = probe.send()
  const fds = [...heard.map(({ events }) => events.fd), ...(wire === undefined ? [] : [wire])]
  let end = now() + (live.refused ? moment : patience)
  while (now() < end) {
    readableOf(fds, tick)
    for (const { netns, read } of readers)
      for (const text of read(probe.number)) live.traced.push({ netns, text })
    if (wire !== undefined && seen(wire, packet, probe.number, outcome)) live.arrived = true
    const state = live.answered === undefined && !live.refused ? probe.look() : undefined
    if (state === undefined) continue
    live.answered = state === 'answered'
    end = Math.min(end, now() + moment)
  }
  if (packet.protocol !== 'udp') live.answered ??= false
  live.arrived ||= live.answered === true
  return live
}

/** ETH_HLEN; where IPv4 and IPv6 have the protocol and the destination. */
const ETHERNET = 14
const layout = { 4: { protocol: 9, destination: 16 }, 6: { protocol: 6, destination: 24 } } as const

/** Whether the packet is among the frames that have come. */
function seen(wire: Fd, packet: Packet, number: number, { reached }: Outcome): boolean {
  const frame = Buffer.alloc(2048)
  const { family } = packet
  const { protocol, destination } = layout[family]
  const to = toBytes((reached?.packet ?? packet).destination)
  let found = false
  for (let read = 0; read < mostAtOnce; read++) {
    const length = syscall('recvfrom', wire, frame, frame.length, 0x40, 0, 0)
    if (length === -Errno.EINTR) continue
    if (length <= 0) return found
    const ip = frame.subarray(ETHERNET, length)
    const above = family === 4 ? ((ip[0] ?? 0) & 0xf) * 4 : 40
    const at = above + (packet.protocol === 'icmp' ? 4 : 0)
    if (ip.length < at + 2 || ip[protocol] !== protocolNumber(packet)) continue
    const isTo = ip.subarray(destination, destination + to.length).equals(to)
    found ||= isTo && ip.readUInt16BE(at) === number
  }
  return found
}

/** Whether the real packet shows that the way is open; for UDP without an answer, that it arrived. */
export function isOpen({ arrived, answered }: Live): boolean {
  return answered ?? arrived
}

export function liveText({ arrived, answered, refused }: Live): string {
  if (refused) return `a real packet: the kernel refused to send it (${refused})`
  if (answered) return 'a real packet was answered'
  return `a real packet ${arrived ? 'arrived, and no answer came' : 'did not arrive'} within ${patience / 1000} s`
}
