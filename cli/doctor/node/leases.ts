/** Faults of DHCP leases: they are not renewed, they have ended, their server does not answer. No server is asked. */

import { oncePer } from '../../../shared/config/once.ts'
import { type Entry, journalFile } from '../../../shared/ipam/dhcp/journal.ts'
import { dhcpRuns, renewerLock } from '../../../shared/ipam/dhcp/renewer.ts'
import { wallClock } from '../../../shared/kernel/clock.ts'
import { isoTime, shortAge } from '../../form/age.ts'
import {
  entriesOfBoot,
  firstToEnd,
  isOver,
  type Lease,
  leasesOf,
  lostAddresses,
  whose,
} from '../../host/leases.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { hostOf } from '../frame/host.ts'

/** Those of containers that may live: what has ended is another fault's. @throws KernelError */
const entriesOf = oncePer((view: View): Entry[] => {
  const dead = hostOf(view).containers.filter(({ life }) => life === 'ended')
  const ended = new Set(dead.map(({ id }) => id))
  return entriesOfBoot().filter(({ containerID }) => !ended.has(containerID))
})

/** At its start `patchbay dhcp` asks at once what the clock says. */
const mend = () => [dhcpRuns() ? 'systemctl restart patchbay-dhcp' : 'systemctl enable --now patchbay-dhcp']

const addressesOf = ({ addresses }: Lease) => addresses.join(' ')

export const leasesNotRenewed: Fault = {
  id: 'leases-not-renewed',
  title: 'patchbay dhcp does not run, and leases of DHCP will end',
  severity: 'warning',
  look(view) {
    const leases = entriesOf(view).flatMap((entry) => leasesOf(entry))
    const ending = leases.filter((lease) => lease.expire !== undefined && !isOver(lease))
    const first = firstToEnd(ending)
    if (!first || dhcpRuns()) return []
    return [
      {
        subject: ending.length === 1 ? '1 lease' : `${ending.length} leases`,
        cause: `the first one ends ${whenIn(first.expire)}, that of ${addressesOf(first)} of ${whose(first.entry)}: the server may give the address to another machine then`,
        evidence: [
          { where: journalFile(first.entry), value: `${addressesOf(first)} from ${first.server}` },
          { where: renewerLock, value: 'no process holds the lock' },
        ],
        mend: mend(),
      },
    ]
  },
}

export const leaseExpired: Fault = {
  id: 'lease-expired',
  title: 'a lease of DHCP has ended',
  severity: 'error',
  look: (view) => entriesOf(view).flatMap(expiredIn),
}

function expiredIn(entry: Entry): Finding[] {
  const over = leasesOf(entry).filter(isOver)
  const lost = lostAddresses(entry)
  const [first] = over
  if (over.length + lost.length === 0) return []
  const value = first
    ? `${addressesOf(first)} from ${first.server}, ended ${whenIn(first.expire)}`
    : `${lost.join(' ')} is gone`
  return [
    {
      subject: `${(first ? over.flatMap((one) => one.addresses) : lost).join(' ')} of ${whose(entry)}`,
      cause: dhcpRuns()
        ? 'no server has renewed it: the container is without the address until a server answers'
        : 'it was not renewed, as patchbay dhcp does not run: the server may have given the address to another machine',
      evidence: [{ where: journalFile(entry), value }],
      mend: mend(),
    },
  ]
}

/** Without the daemon it is no fault of the server. */
export const leaseOverdue: Fault = {
  id: 'lease-overdue',
  title: 'a DHCP server does not answer',
  severity: 'warning',
  look: (view) =>
    dhcpRuns()
      ? entriesOf(view)
          .flatMap((entry) => leasesOf(entry))
          .filter(isOverdue)
          .map(overdue)
      : [],
}

/** Past T2 its own server has not answered since T1, and any server is asked (RFC 2131 section 4.4.5). */
const isOverdue = (lease: Lease) => lease.rebind !== undefined && lease.rebind <= 0 && !isOver(lease)

function overdue(lease: Lease): Finding {
  const { entry, server, rebind, expire } = lease
  return {
    subject: `${server} for ${whose(entry)}`,
    cause: `no server has renewed ${addressesOf(lease)}: it ends ${whenIn(expire)}, and the container is without it then`,
    evidence: [{ where: journalFile(entry), value: `any server is asked since ${whenIn(rebind)} (T2)` }],
    mend: mend(),
  }
}

/** `2026-11-28T14:05:00Z (in 2h)`. @param seconds from now; negative: it is past */
function whenIn(seconds = 0): string {
  const time = isoTime(wallClock() + BigInt(seconds) * 1_000_000_000n).replace(/\.\d+Z$/, 'Z')
  return `${time} (${seconds < 0 ? `${shortAge(-seconds)} ago` : `in ${shortAge(seconds)}`})`
}
