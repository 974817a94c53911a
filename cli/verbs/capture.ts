/** `patchbay capture`: the frames of a container's interfaces. */

import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { capture as captureFrames } from '../capture/capture.ts'
import { parseFilter } from '../capture/filter.ts'
import { openFrames } from '../capture/frames.ts'
import { fileAt, linesTo } from '../capture/sink.ts'
import { linksOf, namespaceOf } from '../capture/target.ts'
import { misuse } from '../form/arguments.ts'
import { type Call, lastOf, type Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'

export const capture: Verb = {
  summary: "shows the frames of a container's interfaces, or writes them to a file for Wireshark",
  text: [
    'A line for each frame, with the time in UTC, or a pcapng file (-w) that tcpdump, tshark and Wireshark read. It ends at --count, --seconds, or a signal, as of Ctrl-C; the file is complete then. Without -i all interfaces but lo. Interfaces do not become promiscuous. It needs root.',
    'FILTER: tcp, udp, sctp, icmp, icmp6, arp, ip, ip6, host ADDRESS, net CIDR, port N, with src or dst before the last three, joined by and, or, not, and parentheses. The kernel applies it.',
  ],
  words: [
    {
      name: 'CONTAINER',
      means:
        'Its ID, the beginning of its ID, its pod, the path or the name of a network namespace, or host.',
      count: 'one',
      names: 'container',
    },
    { name: 'FILTER', means: 'Which frames, as in: tcp and port 80.', count: 'any' },
  ],
  flags: {
    '--interface': { takes: 'one', short: 'i', value: 'IFNAME', means: 'Only this interface.' },
    '--write': {
      ...{ takes: 'one', short: 'w', value: 'FILE', names: 'file' },
      means: 'Write pcapng to this file, which only root can read; - is standard output.',
    },
    '--count': { takes: 'one', short: 'c', value: 'N', means: 'End after this many frames.' },
    '--seconds': { takes: 'one', value: 'N', means: 'End after this time.' },
  },
  example: { call: 'capture host --seconds 1 icmp or arp', does: 'who pings this host?' },
  run(call) {
    const [word = '', ...words] = call.words
    const filter = parseFilter(words)
    const bounds = boundsOf(call)
    const name = lastOf(call.flags, '--interface')
    const inside = namespaceOf(word, leftOutBy(call))
    const { links, link } = linksOf(inside, name)
    const fd = requiringRoot(() => inside(() => openFrames(link?.index ?? 0, filter)))
    const file = lastOf(call.flags, '--write')
    const sink = file === undefined ? linesTo(call) : fileAt(file, call.words.join(' '))
    const names = new Map(links.map((one) => [one.index, one.name]))
    const lo = link ? undefined : links.find((one) => one.name === 'lo')?.index
    const done = captureFrames(fd, sink, bounds, (index) => names.get(index) ?? `if${index}`, lo)
    call.err(`${done.frames} frames, ${done.dropped} dropped by the kernel`)
    return 0
  },
}

function boundsOf({ flags }: Call) {
  const numberOf = (flag: string) => {
    const value = lastOf(flags, flag)
    if (value === undefined) return Number.POSITIVE_INFINITY
    if (!/^[1-9]\d{0,8}$/.test(value)) throw misuse(`${flag} ${JSON.stringify(value)} is no number from 1`)
    return Number(value)
  }
  return { frames: numberOf('--count'), milliseconds: numberOf('--seconds') * 1000 }
}

function requiringRoot<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EACCES')) throw error
    throw new CniError(Code.IoFailure, {
      msg: 'only root can capture frames: run it as root',
      hint: 'sudo patchbay capture …',
      ...factsOf(error),
    })
  }
}
