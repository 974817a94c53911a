/**
 * The reference's files: one directory per network, one file per address, which names its holder. They alone decide which
 * addresses are taken; the index is derived from them.
 */

import type { Log } from '../../error/log.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import { wallClock } from '../../kernel/clock.ts'
import { type Entry, readDirectory, readDirectoryIfAny, remove } from '../../kernel/files.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { stat } from '../../kernel/stat.ts'

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

/** The exact text of a holder's record. */
export function recordOf({ containerID, ifname }: Holder): string {
  return `${containerID}\r\n${ifname}`
}

/** Whether a reservation belongs to the holder. One without an interface belongs to every interface of its container. */
export function isHeldBy(reservation: Reservation, { containerID, ifname }: Holder): boolean {
  return reservation.containerID === containerID && (reservation.ifname ?? ifname) === ifname
}

/** The reservation of an address; undefined when it is free. */
export function reservationOf(directory: string, address: Address): Reservation | undefined {
  return readRecord(directory, formatAddress(address))
}

/** All reservations; none without a directory. */
export function reservations(directory: string): Reservation[] {
  return recordFiles(readDirectoryIfAny(directory)).flatMap((one) => readFile(directory, one) ?? [])
}

/** Whether any address is reserved. */
export function hasRecords(directory: string): boolean {
  return recordFiles(readDirectoryIfAny(directory)).length > 0
}

/** When a record was written, nanoseconds since the epoch: distinguishes it from an earlier one of the same holder. */
export function timeOf(directory: string, { file }: Pick<Reservation, 'file'>): string {
  return String(stat(`${directory}/${file}`)?.mtime ?? '')
}

/**
 * Whether a record was published (renamed or linked) since a time, nanoseconds since the epoch. A time in the future does
 * not count: the clock was set back.
 */
export function isSince(directory: string, { file }: Pick<Reservation, 'file'>, time: bigint): boolean {
  const published = stat(`${directory}/${file}`)?.ctime ?? 0n
  return published >= time && published <= wallClock()
}

/** A record's file: its name is an address. */
type RecordFile = Pick<Reservation, 'file' | 'address'>

/** The records in a directory: not `lock`, not `last_reserved_ip.0`. */
function recordFiles(entries: readonly Entry[]): RecordFile[] {
  return entries.flatMap(({ name, directory }) => (directory ? [] : (recordFile(name) ?? [])))
}

function recordFile(file: string): RecordFile | undefined {
  const address = parseAddress(file)
  return address && { file, address }
}

/** The reservation in a file; undefined when the file is absent or names no container. */
export function readRecord(directory: string, file: string): Reservation | undefined {
  const one = recordFile(file)
  return one && readFile(directory, one)
}

/** Whether the file of an address is there and names no container: a crash left it, or the reference has just made it. */
export function isNameless(directory: string, file: string): boolean {
  const text = readOwnIfAny(`${directory}/${file}`)
  return text !== undefined && !parseRecord(text.toString())
}

function readFile(directory: string, one: RecordFile): Reservation | undefined {
  const record = parseRecord(readOwnIfAny(`${directory}/${one.file}`)?.toString() ?? '')
  return record && { ...one, ...record }
}

/** A record is the container ID, CR LF and the interface. A power loss can leave zero bytes. */
function parseRecord(text: string): Pick<Reservation, 'containerID' | 'ifname'> | undefined {
  const [containerID = '', ifname] = text.replaceAll('\0', '').trim().split('\r\n')
  return containerID === '' ? undefined : { containerID, ifname }
}

/** The temporary names of shared/kernel/files.ts. */
const temporary = /\.\d+\.\d+\.tmp$/

/**
 * Removes what a crash left (records that name no container, our own temporary files), and reads all reservations. The
 * caller holds the lock, so no other process is writing a temporary file.
 */
export function sweep(directory: string, log: Log): Reservation[] {
  const entries = readDirectory(directory)
  for (const { name } of entries) if (temporary.test(name)) remove(`${directory}/${name}`)
  return recordFiles(entries).flatMap((one) => {
    const reservation = readFile(directory, one)
    if (reservation) return reservation
    const { file } = one
    log.warn(`${directory}/${file} names no container, probably after a crash: address released`)
    remove(`${directory}/${file}`)
    return []
  })
}
