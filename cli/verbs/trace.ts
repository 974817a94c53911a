/** `patchbay trace`: the way of a packet between two ends, and where it ends. */

import { plain } from '../../shared/error/log.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean } from '../form/slip.ts'
import type { Answer, Call, Verb } from '../form/verb.ts'
import { requireHostNetwork } from '../host/host-network.ts'
import { leftOutBy } from '../host/left-out.ts'
import { dataOf } from '../trace/data.ts'
import { endsOf } from '../trace/ends.ts'
import { knownNamespaces } from '../trace/known.ts'
import { isOpen, liveOf, livePlan } from '../trace/live.ts'
import { noteEnd, outcomeOf } from '../trace/outcome.ts'
import type { Protocol } from '../trace/packet.ts'
import { isFine, reportOf } from '../trace/report.ts'
import { newTrace } from '../trace/trace.ts'

const protocols = ['icmp', 'tcp', 'udp'] as const

export const trace: Verb = {
  summary: 'follows a packet from one end to another, and says where it is lost',
  text: [
    'SRC and DST are host, an address, the path or the name of a network namespace, the ID of a container or a unique beginning of it, or the name of a pod. The kernel is asked for routes, neighbours and forwarding databases, and nftables rules are evaluated as far as they are known here; the verdict is CANNOT TELL where they are not.',
    'The way of the answer is followed, too: NO ANSWER is a packet that arrives and an answer that does not. The status is 0 for REACHES and LEAVES; with --live, what the real packet did.',
    'Not read: filters of tc, chains of the family netdev, rules of iptables-legacy, and the rules that see the outer packet of a VXLAN.',
  ],
  words: [
    { name: 'SRC', means: 'Where the packet comes from.', count: 'one', names: 'container' },
    { name: 'DST', means: 'Where it is sent to.', count: 'one', names: 'container' },
    {
      name: 'PROTOCOL',
      means: 'The protocol: tcp, udp or icmp; default icmp.',
      count: 'optional',
      names: protocols,
    },
    { name: 'PORT', means: 'The destination port of tcp and udp.', count: 'optional' },
  ],
  flags: {
    '--verbose': { takes: 'none', short: 'v', means: 'Show each step, with a command that shows the same.' },
    '--live': {
      takes: 'none',
      means:
        'Send a real packet, too. A temporary table of nftables has it traced; it is gone at the end, or with this process.',
    },
    '--dry-run': { takes: 'none', means: 'With --live: say what would be done, and do not do it.' },
    '--ipv6': { takes: 'none', short: '6', means: 'Use IPv6 where both ends have both families.' },
  },
  answers: true,
  example: { call: 'trace host 127.0.0.1', does: 'does the host reach itself?' },
  run(call) {
    const { protocol, port } = protocolOf(call)
    requireHostNetwork()
    return traced(call, protocol, port)
  },
}

function traced(call: Call, protocol: Protocol, port?: number): Answer {
  const [source = '', destination = ''] = call.words
  const known = knownNamespaces(leftOutBy(call))
  const ends = endsOf([source, destination], known, call.flags.has('--ipv6') ? 6 : undefined)
  const way = newTrace(known, ends.family)
  const outcome = outcomeOf(way, ends, protocol, port)
  noteEnd(way, outcome)
  const isLive = call.flags.has('--live')
  const isDry = call.flags.has('--dry-run')
  if (isLive && isDry) for (const line of livePlan(way, ends, outcome)) call.out(plain(line))
  const live = isLive && !isDry ? liveOf(way, ends, outcome) : undefined
  return {
    data: dataOf(outcome, way.hops, live),
    text: (page) => reportOf(page, outcome, way.hops, call.flags.has('--verbose'), live),
    status: (live ? isOpen(live) : isFine(outcome)) ? 0 : 1,
  }
}

/** @throws CniError for an unknown protocol, or a port that is missing or none */
function protocolOf({ words: [, , name = 'icmp', port] }: Call): { protocol: Protocol; port?: number } {
  const protocol = protocols.find((one) => one === name)
  if (!protocol) {
    throw misuse(`${JSON.stringify(name)}: there are ${protocols.join(', ')}${didYouMean(name, protocols)}`)
  }
  if (protocol === 'icmp') {
    if (port !== undefined) throw misuse('icmp has no ports')
    return { protocol }
  }
  const number = Number(port)
  if (port === undefined || !Number.isInteger(number) || number < 1 || number > 65535)
    throw misuse(`${protocol} needs a port from 1 to 65535`)
  return { protocol, port: number }
}
