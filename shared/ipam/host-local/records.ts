/**
 * The reference's files: one directory per network, one file per address, which names who holds it. They are the truth;
 * all else that is kept follows from them.
 */

import type { Log } from '../../cni/log.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import { wallClock } from '../../kernel/clock.ts'
import { type Entry, readDirectory, readFileIfAny, remove, stat } from '../../kernel/files.ts'

export interface Holder {
  containerID: string
  ifname: string
}

/** An address that is taken. Records of old releases name no interface. */
export interface Reservation {
  /** The file's name. */
  file: string
  address: Address
  containerID: string
  ifname?: string
}

/** What a holder's record says, letter for letter. */
export function recordOf({ containerID, ifname }: Holder): string {
  return `${containerID}\r\n${ifname}`
}

/** Whether a reservation is the holder's; one without an interface is any interface's. */
export function isHeldBy(reservation: Reservation, { containerID, ifname }: Holder): boolean {
  return reservation.containerID === containerID && (reservation.ifname ?? ifname) === ifname
}

/** Who holds an address; undefined when nobody does. */
export function reservationOf(directory: string, address: Address): Reservation | undefined {
  return readRecord(directory, formatAddress(address))
}

/** All reservations; none where there is no directory. */
export function reservations(directory: string): Reservation[] {
  if (!stat(directory)) return []
  return recordNames(readDirectory(directory)).flatMap((file) => readRecord(directory, file) ?? [])
}

/** Whether anybody holds an address. */
export function hasRecords(directory: string): boolean {
  return stat(directory) !== undefined && recordNames(readDirectory(directory)).length > 0
}

/** When a record was written, nanoseconds since the epoch: tells it from an earlier one of the same holder. */
export function timeOf(directory: string, { file }: Pick<Reservation, 'file'>): string {
  return String(stat(`${directory}/${file}`)?.mtime ?? '')
}

/** Whether a record got its name since a time, nanoseconds since the epoch. A time to come is none: the clock went back. */
export function isSince(directory: string, { file }: Pick<Reservation, 'file'>, time: bigint): boolean {
  const named = stat(`${directory}/${file}`)?.ctime ?? 0n
  return named >= time && named <= wallClock()
}

/** Only names that are addresses matter: not `lock`, not `last_reserved_ip.0`. */
function recordNames(entries: readonly Entry[]): string[] {
  const files = entries.filter(({ directory }) => !directory).map(({ name }) => name)
  return files.filter((name) => parseAddress(name) !== undefined)
}

/** Who a file says holds its address; undefined when it is gone, or says nothing. */
export function readRecord(directory: string, file: string): Reservation | undefined {
  const address = parseAddress(file)
  const record = parseRecord(readFileIfAny(`${directory}/${file}`) ?? '')
  return address && record && { file, address, ...record }
}

/** A record is the container id, CR LF and the interface. Zero bytes are what a power loss leaves. */
function parseRecord(text: string): Pick<Reservation, 'containerID' | 'ifname'> | undefined {
  const [containerID = '', ifname] = text.replaceAll('\0', '').trim().split('\r\n')
  return containerID === '' ? undefined : { containerID, ifname }
}

/** The names that shared/kernel/files.ts writes to before they are published. */
const temporary = /\.\d+\.\d+\.tmp$/

/**
 * All reservations, after clearing away what a crash left behind: records that name no container, and our own temporary
 * files. Called with the lock held, so nobody can be in the middle of writing one.
 */
export function sweep(directory: string, log: Log): Reservation[] {
  const entries = readDirectory(directory)
  for (const { name } of entries) if (temporary.test(name)) remove(`${directory}/${name}`)
  return recordNames(entries).flatMap((file) => {
    const reservation = readRecord(directory, file)
    if (reservation) return reservation
    log.warn(`${directory}/${file} names no container, as a crash leaves it: address released`)
    remove(`${directory}/${file}`)
    return []
  })
}
