/** Whether packets reach the other container and the gateway, and how large they may be. */

import { type Address, type Family, formatAddress, sameAddress } from '../../shared/ip/address.ts'
import { contains, linkLocal } from '../../shared/ip/subnet.ts'
import { listNeighbours } from '../../shared/netlink/neighbour.ts'
import type { End } from '../host/inet-socket.ts'
import { askInside } from '../host/inside.ts'
import { overhead, ping } from '../host/ping.ts'
import { failed, inapplicable, passed, unless, type Verdict } from './finding.ts'
import { addressOf, gatewayOf, linkOf, type Subject } from './subject.ts'

/** How long one that must not answer is tried, milliseconds. */
const SILENCE = 250

/** How long to try whether one answers at all, which another check tells. */
const REACHED = 1000

/** Both ways between two containers. */
export function reachEachOther(one: Subject, other: Subject, family: Family, milliseconds: number): Verdict {
  const [from, to] = [addressOf(one, family), addressOf(other, family)]
  if (!from || !to) return inapplicable(`no address of IPv${family}`)
  const problem = ping({ from: one.namespace, to: { address: to }, milliseconds })
  if (problem) return failed(problem)
  const back = ping({ from: other.namespace, to: { address: from }, milliseconds })
  return unless(back, `${formatAddress(from)} and ${formatAddress(to)} answer each other`)
}

/** Neither reaches the other, by any family. */
export function isolated(one: Subject, other: Subject, why: string): Verdict {
  const pairs = [
    [one, other],
    [other, one],
  ] as const
  for (const [from, to] of pairs)
    for (const family of [4, 6] as const) {
      const address = addressOf(to, family)
      const silent =
        !address || ping({ from: from.namespace, to: { address }, milliseconds: SILENCE }) !== undefined
      if (!silent && address) return failed(`${formatAddress(address)} answers, in spite of ${why}`)
    }
  return passed(`neither answers the other: ${why}`)
}

/** A gateway that is no host of its own answers neighbour requests at least. */
export function gatewayAnswers(subject: Subject, family: Family, milliseconds: number): Verdict {
  const gateway = gatewayOf(subject, family)
  if (!gateway) return inapplicable(`no route and no address of the host has a gateway of IPv${family}`)
  const text = formatAddress(gateway)
  const problem = ping({ from: subject.namespace, to: endOf(gateway, subject), milliseconds })
  if (!problem) return passed(`${text} answers`)
  const mac = neighbourOf(subject, gateway)
  return mac ? passed(`${text} is ${mac}, and answers no ping`) : failed(problem)
}

/** A link-local address needs its link. */
function endOf(address: Address, subject: Subject): End {
  return contains(linkLocal, address) ? { address, link: linkOf(subject)?.index } : { address }
}

function neighbourOf(subject: Subject, address: Address): string | undefined {
  const link = linkOf(subject)
  if (!link) return undefined
  const neighbours = askInside(subject.path, (socket) => listNeighbours(socket, link, address.family))
  return neighbours.find((one) => sameAddress(one.address, address))?.mac
}

/** The largest packet passes whole, and one that is larger by a byte is not sent. */
export function mtuHolds(subject: Subject, to: Address, milliseconds: number, other?: Subject): Verdict {
  const mtu = linkOf(subject)?.mtu
  if (mtu === undefined) return inapplicable('the container has no interface')
  const theirs = other && linkOf(other)?.mtu
  if (theirs !== undefined && theirs !== mtu)
    return failed(`the MTU of the interface is ${mtu} in one container, and ${theirs} in the other`)
  // The length of an IPv4 packet has 16 bits.
  const size = Math.min(mtu, 65_535)
  const from = subject.namespace
  if (size < overhead(to.family)) return inapplicable(`the MTU is ${mtu}`)
  const patience = Math.min(milliseconds, REACHED)
  if (ping({ from, to: { address: to }, milliseconds: patience }))
    return inapplicable(`${formatAddress(to)} answers no packet of any size`)
  const problem = ping({ from, to: { address: to }, milliseconds, size })
  if (problem) return failed(`a packet of ${size} bytes, the MTU of the interface, is lost: ${problem}`)
  const larger = size === mtu && ping({ from, to: { address: to }, milliseconds: SILENCE, size: mtu + 1 })
  if (larger === undefined)
    return failed(`a packet of ${mtu + 1} bytes passes unfragmented: the MTU is ${mtu}`)
  return passed(`${size} bytes pass to ${formatAddress(to)}, one more does not`)
}
