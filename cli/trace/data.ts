/** The outcome of a trace as data for programs. */

import { formatAddress } from '../../shared/ip/address.ts'
import type { Traced } from '../answers/trace.ts'
import type { Live } from './live.ts'
import type { Netns } from './netns.ts'
import type { Outcome } from './outcome.ts'
import { verdictLine } from './report.ts'
import type { Hop } from './trace.ts'

export function dataOf(outcome: Outcome, hops: readonly Hop[], live?: Live): Traced {
  const { verdict, packet, reached, listens, end, links } = outcome
  const { protocol, source, destination, destinationPort: port } = packet
  return {
    verdict,
    text: verdictLine(outcome, live),
    packet: {
      ...{ protocol, port, destination: formatAddress(destination) },
      source: source.value === 0n ? undefined : formatAddress(source),
    },
    reached: reached && {
      ...placeOf(reached.netns),
      interface: reached.link.name,
      source: formatAddress(reached.packet.source),
      destination: formatAddress(reached.packet.destination),
      port: reached.packet.destinationPort,
    },
    listens,
    ends: end && { ...placeOf(end.netns), why: end.why, command: end.command },
    links: [...links],
    hops: hops.map(({ netns, way, step, text, command }) => ({
      way,
      ...placeOf(netns),
      step,
      text,
      command,
    })),
    live: live && {
      arrived: live.arrived,
      answered: live.answered,
      refused: live.refused,
      traced: live.traced.map(({ netns, text }) => ({ ...placeOf(netns), text })),
    },
  }
}

function placeOf({ title, container }: Netns): { place: string; container?: string } {
  return { place: title, container }
}
