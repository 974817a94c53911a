/** What has become of a result of ADD: the addresses and routes that servers have changed since. */

import type { Interface, Ip, Result, Route } from '../../cni/result.ts'
import { formatCidr, parseCidr } from '../../ip/subnet.ts'
import type { EntryResult } from './journal.ts'

/** A result of ADD with what the interface has now in place of what ADD gave it. What is of other plugins stays. */
export function renewed(result: Result, given: EntryResult, now: EntryResult): Result {
  const before = new Set(given.ips.map(({ address }) => canonical(address)))
  const own = result.ips.find(({ address }) => before.has(canonical(address)))
  if (!own) return result
  const others = result.ips.filter(({ address }) => !before.has(canonical(address)))
  const ips: Ip[] = now.ips.map((ip) => ({ ...ip, interface: own.interface }))
  const gone = new Set(given.routes.map(keyOf))
  const routes = result.routes.filter((route) => !gone.has(keyOf(route)))
  const interfaces = withMtu(result.interfaces, own.interface, now.mtu)
  return { ...result, interfaces, ips: [...others, ...ips], routes: [...routes, ...now.routes] }
}

/** @param mtu since a server has changed it */
function withMtu(interfaces: Interface[], which: number | undefined, mtu: number | undefined): Interface[] {
  if (mtu === undefined) return interfaces
  return interfaces.map((one, index) => (index === which && one.mtu !== undefined ? { ...one, mtu } : one))
}

function canonical(address: string): string {
  const cidr = parseCidr(address)
  return cidr ? formatCidr(cidr) : address
}

/** A result of several interfaces has the address that means no gateway. */
const none = ['0.0.0.0', '::', undefined]

function keyOf({ dst, gw }: Route): string {
  return `${canonical(dst)} ${none.includes(gw) ? '' : gw}`
}
