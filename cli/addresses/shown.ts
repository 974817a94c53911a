/** The text of `patchbay ipam show`. */

import { leaseText } from '../attachments/told-lease.ts'
import { shortAge } from '../form/age.ts'
import { type Fact, factLines } from '../form/facts.ts'
import type { Page } from '../form/page.ts'
import type { Lookup } from './lookup.ts'
import type { ToldHolder } from './told.ts'

const ways = {
  local: 'it is an address of this host',
  link: 'in the subnet of a link of this host',
  gateway: 'through a gateway',
  none: 'no route leads to it',
  unknown: 'unknown',
} as const

const answers = {
  answers: 'it answers',
  silent: 'no answer to an ICMP echo',
  unknown: 'not tried: only root can',
} as const

/** @param isSeen whether files could be read */
export function shown(page: Page, found: Lookup, isSeen: boolean): string {
  const took = found.milliseconds === undefined ? '' : `, in ${found.milliseconds} ms`
  return factLines(page, [
    ['address', found.address],
    ...found.ranges.map(
      ({ network, range, role }): Fact => ['range', `${network}: ${range}${role ? `, is its ${role}` : ''}`],
    ),
    ...(isSeen ? holderFacts(found) : [['held by', 'cannot be seen: run it as root'] as Fact]),
    ...found.leases.map(
      (one): Fact => [
        'lease',
        `${one.network}: ${one.pod ?? one.container} ${one.interface}: ${leaseText(one)}`,
      ],
    ),
    ...found.caches.map(({ network, file }): Fact => ['cache', `${network}: ${file}`]),
    ...found.namespaces.map(
      ({ container, pod, namespace }): Fact => ['kernel', `${pod ?? container}: ${namespace} has it`],
    ),
    ['from the host', `${ways[found.way]}; ${answers[found.reachable]}${took}`],
  ])
}

function holderFacts({ holders, ranges, leases }: Lookup): Fact[] {
  if (holders.length === 0 && leases.length > 0) return []
  if (holders.length === 0)
    return ranges.length > 0
      ? [['held by', 'no container']]
      : [['held by', 'no container; it is in no range of host-local']]
  return holders.map((holder) => ['held by', holderText(holder)])
}

function holderText({ network, pod, container, keptFor, lentTo, life, age, ...rest }: ToldHolder): string {
  const since = age === undefined ? '' : `, for ${shortAge(age)}`
  if (keptFor !== undefined) return `${network}: no container, it is kept for ${keptFor}${since}`
  if (lentTo !== undefined) return `${network}: no container here, it is lent to host ${lentTo}${since}`
  const who = pod === undefined ? container : `${pod} (${container})`
  const words = {
    lives: 'which lives',
    ended: 'which has ended',
    unknown: 'of which it is not known whether it lives',
  }
  return `${network}: ${who} ${rest.interface ?? ''}, ${words[life]}${since}`
}
