/** Addresses that more than one attachment of a network has. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { isObject } from '../../shared/config/json.ts'
import { formatAddress, parseAddress } from '../../shared/ip/address.ts'
import type { Cached } from '../host/cache-entry.ts'
import type { Host } from '../host/look.ts'
import type { Store } from './stores.ts'

/** That an attachment has an address. */
interface Having {
  network: string
  container: string
  address: string
  /** The attachment. */
  key: string
}

/** How many there are in each network. What containers have that have ended does not count. */
export function duplicates(
  { containers, configurations }: Host,
  stores: readonly Store[],
): Map<string, number> {
  const ended = new Set(containers.filter(({ life }) => life === 'ended').map(({ id }) => id))
  const all = [...configurations.cached.flatMap(ofCache), ...stores.flatMap(ofStore)]
  const having = all.filter(({ container }) => !ended.has(container))
  const byNetwork = Map.groupBy(having, ({ network }) => network)
  return new Map([...byNetwork].map(([network, own]) => [network, shared(own)]))
}

function shared(having: readonly Having[]): number {
  const byAddress = Map.groupBy(having, ({ address }) => address)
  return [...byAddress.values()].filter((own) => new Set(own.map(({ key }) => key)).size > 1).length
}

function ofStore({ network, held }: Store): Having[] {
  return held.map(({ containerID, ifname = 'eth0', address }) => ({
    ...{ network, container: containerID, address: formatAddress(address) },
    key: attachmentKey({ network, containerID, ifname }),
  }))
}

function ofCache(cached: Cached): Having[] {
  const { network, containerID: container, result = {} } = cached
  return addressesIn(result).map((address) => ({ network, container, address, key: attachmentKey(cached) }))
}

/** The addresses of a result: `ips` has one each, in results before 0.3.0 `ip4` and `ip6` do. */
function addressesIn({ ips, ip4, ip6 }: Record<string, unknown>): string[] {
  const listed = Array.isArray(ips) ? ips : []
  const texts = [
    ...listed.map((one) => isObject(one) && one.address),
    ...[ip4, ip6].map((one) => isObject(one) && one.ip),
  ]
  return texts.flatMap((text) => {
    const address = typeof text === 'string' ? parseAddress(text.split('/')[0] ?? '') : undefined
    return address ? [formatAddress(address)] : []
  })
}
