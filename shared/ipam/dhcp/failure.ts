/** The errors of an ADD that gets no address: what was seen, and the commands that show more. */

import type { Seen } from '../../dhcp/exchange.ts'
import { CniError, Code } from '../../error/error.ts'
import { commandIn } from '../../netlink/command.ts'
import type { Place } from './link.ts'

/** No server gave an address. @param seconds how long was waited */
export function noLease({ link, inside }: Place, seen: Seen, seconds: number): CniError {
  const { name } = link
  const [first, ...more] = seen.sentences
  const where = `${inside.netns ?? 'host'} -i ${name}`
  return new CniError(Code.TryAgainLater, {
    msg: first
      ? `no DHCP server gave ${name} an address within ${seconds} s: ${first}`
      : `no DHCP server answered on ${name} within ${seconds} s`,
    details: more.length > 0 ? `also seen: ${more.join('; ')}` : undefined,
    hint: `look for a server or a relay on this segment, and for a free address in its range; to see the messages of the next try: patchbay capture ${where} port 67 or port 68`,
    see: commandIn(inside, `tcpdump -ni ${name} port 67 or port 68`),
  })
}

/** Another machine has each address that the server gave. */
export function allInUse(address: string, mac: string, times: number): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${address} is in use already: ${mac} has it, and each of ${times} addresses of the DHCP server is taken`,
    hint: 'find the machines that have addresses of its range without its knowledge, or move its range',
  })
}
