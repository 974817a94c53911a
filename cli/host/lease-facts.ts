/** What the renewal of leases has made of a result of ADD. */

import { formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import type { Entry, EntryResult } from '../../shared/ipam/dhcp/journal.ts'
import type { ResultFacts } from './result-facts.ts'

type Addressing = Pick<ResultFacts, 'addresses' | 'gateways' | 'routes'>

/** The facts of a result with what the interface has now in place of what ADD gave it; without a result the journal's alone. */
export function currentFacts(
  result: ResultFacts | undefined,
  entry: Pick<Entry, 'given' | 'now'> | undefined,
): ResultFacts | undefined {
  if (!entry) return result
  const [given, now] = [addressingOf(entry.given), addressingOf(entry.now)]
  if (!result) return { interfaces: [], ...now }
  const renewed = (key: keyof Addressing) => [
    ...new Set([...result[key].filter((one) => !given[key].includes(one)), ...now[key]]),
  ]
  return {
    ...result,
    ...{ addresses: renewed('addresses'), gateways: renewed('gateways'), routes: renewed('routes') },
  }
}

function addressingOf({ ips, routes }: EntryResult): Addressing {
  return {
    addresses: ips.map(({ address }) => canonical(address)),
    gateways: [...new Set(ips.flatMap(({ gateway }) => gateway ?? []))],
    routes: routes.map(({ dst, gw }) => `${canonical(dst)}${gw ? ` via ${gw}` : ''}`),
  }
}

function canonical(text: string): string {
  const cidr = parseCidr(text)
  return cidr ? formatCidr(cidr) : text
}
