/** The leases of DHCP on this host: what the journal has, and how much of their time is left. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import type { Times } from '../../shared/dhcp/lease.ts'
import { type Entry, journal } from '../../shared/ipam/dhcp/journal.ts'
import { bootId } from '../../shared/kernel/boot.ts'
import { bootClock } from '../../shared/kernel/clock.ts'

/** What one server has given to one attachment. Its times are seconds from now; a negative one is past, an absent one never comes. */
export interface Lease extends Times {
  entry: Entry
  family: 4 | 6
  /** Its address; of DHCPv6 its DUID, hexadecimal. */
  server: string
  addresses: string[]
}

/** The entries of this boot: of another one the clock says nothing. @throws KernelError */
export function entriesOfBoot(): Entry[] {
  const boot = bootId()
  return journal.all().filter((entry) => entry.boot === undefined || entry.boot === boot)
}

/** @throws KernelError */
export const allLeases = (): Lease[] => entriesOfBoot().flatMap((entry) => leasesOf(entry))

/** The leases of an entry, of IPv4 first. @param now of the clock that counts from boot, milliseconds */
export function leasesOf(entry: Entry, now = bootClock()): Lease[] {
  const { lease4, lease6 } = entry
  return [
    ...(lease4
      ? [
          {
            entry,
            family: 4 as const,
            server: lease4.server,
            addresses: [lease4.address],
            ...left(lease4, now),
          },
        ]
      : []),
    ...(lease6
      ? [
          {
            entry,
            family: 6 as const,
            server: lease6.server,
            addresses: lease6.addresses,
            ...left(lease6, now),
          },
        ]
      : []),
  ]
}

function left({ since, renew, rebind, expire }: Times & { since: number }, now: number): Times {
  const from = (seconds: number | undefined) =>
    seconds === undefined ? undefined : Math.round((since - now) / 1000 + seconds)
  return { renew: from(renew), rebind: from(rebind), expire: from(expire) }
}

/** The one that ends first; undefined when none of them has an end. */
export function firstToEnd(leases: readonly Lease[]): Lease | undefined {
  const ending = leases.filter(({ expire }) => expire !== undefined)
  return ending.reduce<Lease | undefined>(
    (first, one) => (first === undefined || (one.expire ?? 0) < (first.expire ?? 0) ? one : first),
    undefined,
  )
}

/** Whether the time of a lease is over. */
export const isOver = ({ expire }: Times) => expire !== undefined && expire <= 0

/** Addresses that ADD gave and that are gone, with no other one of their family: their lease has ended. */
export function lostAddresses({ given, now }: Pick<Entry, 'given' | 'now'>): string[] {
  const families = new Set(now.ips.map(({ address }) => familyOf(address)))
  return given.ips.map(({ address }) => address).filter((address) => !families.has(familyOf(address)))
}

const familyOf = (address: string) => (address.includes(':') ? 6 : 4)

/** `CONTAINER eth0 in NETWORK`. */
export const whose = ({ containerID, ifname, network }: Attachment) =>
  `${containerID.slice(0, 12)} ${ifname} in ${network}`
