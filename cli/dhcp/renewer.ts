/** The leases of this host and when each is acted on. What is kept of one is small: its entry is read when its time has come. */

import type { Log } from '../../shared/error/log.ts'
import type { Entry, EntryResult } from '../../shared/ipam/dhcp/journal.ts'
import type { Port } from '../../shared/ipam/dhcp/port.ts'
import type { Fd } from '../../shared/kernel/files.ts'
import type { Asked } from './ask.ts'
import type { Family } from './entries.ts'
import type { Absent, Here } from './place.ts'
import { type Exchanges, newExchanges } from './running.ts'

/** What the renewer asks of the machine; tests give another one. */
export interface Host {
  /** Milliseconds since the boot. */
  now(): number
  /** From 0 to below 1. */
  random(): number
  log: Log
  /** The identifier of the boot. */
  boot: string | undefined
  journal: {
    keys(): string[]
    /** The entry of a key; undefined when absent or damaged. */
    at(key: string): Entry | undefined
    /** @returns false when DEL or another ADD was faster */
    replace(former: Entry, entry: Entry): boolean
    drop(entry: Entry): void
  }
  /** Runs an action where the interface is. */
  visit<T>(entry: Entry, action: (here: Here) => T): { value: T } | Absent
  open(here: Here, asked: Asked): Port
  close(fd: Fd): void
  /** Changes the interface, and tells its neighbours. */
  apply(here: Here, before: EntryResult, after: EntryResult): void
}

/** A lease of one family. */
export interface Slot {
  /** Of its entry. */
  key: string
  family: Family
  /** When it is acted on next. */
  at: number
  /** The lease's: another one is another lease. */
  since: number
  /** Attempts without an answer since the last one. */
  tries: number
  /** Of these, searches for a new lease. */
  searches: number
  /** Failures on this host since the last success. */
  failures: number
}

export interface Renewer {
  host: Host
  slots: Map<string, Slot>
  exchanges: Exchanges
}

export function newRenewer(host: Host): Renewer {
  return { host, slots: new Map(), exchanges: newExchanges(host.now, host.close) }
}

export const families = [4, 6] as const

export const nameOf = ({ key, family }: Pick<Slot, 'key' | 'family'>) => `${key}/${family}`

/** Ends what is under way for a lease, and forgets when it is due. Its entry stays. */
export function release({ slots, exchanges }: Renewer, which: Pick<Slot, 'key' | 'family'>): void {
  exchanges.cancel(nameOf(which))
  slots.delete(nameOf(which))
}

/** Both families of an entry. */
export function releaseAll(renewer: Renewer, key: string): void {
  for (const family of families) release(renewer, { key, family })
}

/** `eth0 of 0123456789ab in NETWORK`, for log lines. */
export function whose({ containerID, ifname, network }: Entry): string {
  return `${ifname} of ${containerID.slice(0, 12)} in ${network}`
}
