/** The errors of an ADD that gets no address: what was seen, and the commands that show more. */

import type { Seen } from '../../dhcp/exchange.ts'
import { CniError, Code } from '../../error/error.ts'
import { commandIn } from '../../netlink/command.ts'
import type { Place } from './link.ts'

/** What the servers of a family are called, and the messages of their exchanges. */
const words = {
  4: { server: 'DHCP server', filter: 'port 67 or port 68' },
  6: { server: 'DHCPv6 server', filter: 'port 546 or port 547' },
} as const

/** No server gave an address. @param seconds how long was waited */
export function noLease({ link, inside }: Place, seen: Seen, seconds: number, family: 4 | 6 = 4): CniError {
  const { name } = link
  const { server, filter } = words[family]
  const [first, ...more] = seen.sentences
  const where = `${inside.netns ?? 'host'} -i ${name}`
  return new CniError(Code.TryAgainLater, {
    msg: first
      ? `no ${server} gave ${name} an address within ${seconds} s: ${first}`
      : `no ${server} answered on ${name} within ${seconds} s`,
    details: more.length > 0 ? `also seen: ${more.join('; ')}` : undefined,
    hint: `look for a server or a relay on this segment, and for a free address in its range; to see the messages of the next try: patchbay capture ${where} ${filter}`,
    see: commandIn(inside, `tcpdump -ni ${name} ${filter}`),
  })
}

/** Another machine has each address that the server gave. */
export function allInUse(address: string, mac: string, times: number): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${address} is in use already: ${mac} has it, and each of ${times} addresses of the DHCP server is taken`,
    hint: 'find the machines that have addresses of its range without its knowledge, or move its range',
  })
}
