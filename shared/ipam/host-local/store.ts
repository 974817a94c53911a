/**
 * Who holds which address: one directory per network, one file per address, in the format of the reference's
 * host-local, so that either can go on where the other left. Whoever changes anything holds the lock.
 */

import type { Log } from '../../cni/log.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import {
  createFile,
  type Entry,
  makeDirectory,
  readDirectory,
  readFileIfAny,
  remove,
  stat,
  writeFile,
} from '../../kernel/files.ts'
import { withLock } from '../../kernel/lock.ts'

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

/** The names that shared/kernel/files.ts writes to before they are published. */
const temporary = /\.\d+\.\d+\.tmp$/

/** Where a network's reservations are kept. */
export function directoryOf(dataDir: string, network: string): string {
  return `${dataDir}/${network}`
}

/** Holds the lock of a network's directory, which is made when missing. @throws KernelError */
export function withStore<T>(directory: string, action: () => T): T {
  makeDirectory(directory)
  return withLock(`${directory}/lock`, action)
}

/** Holds the lock of a network's directory if there is one; where there is none, nothing is reserved. */
export function withStoreIfAny(directory: string, action: () => void): void {
  if (stat(directory)) withLock(`${directory}/lock`, action)
}

/** Reserves an address durably: it is recorded whole, or not at all. @returns false when it is taken */
export function reserve(directory: string, address: Address, { containerID, ifname }: Holder): boolean {
  return createFile(`${directory}/${formatAddress(address)}`, `${containerID}\r\n${ifname}`)
}

/** Releases an address; nothing happens when it is free. */
export function release(directory: string, { file }: { file: string }): void {
  remove(`${directory}/${file}`)
}

/** Releases all that can be released. @throws the first failure, when all are tried */
export function releaseAll(directory: string, held: readonly Reservation[]): void {
  const failures = held.flatMap((reservation) => {
    try {
      release(directory, reservation)
      return []
    } catch (error) {
      return [error]
    }
  })
  if (failures.length > 0) throw failures[0]
}

export function isReserved(directory: string, address: Address): boolean {
  return stat(`${directory}/${formatAddress(address)}`) !== undefined
}

/** The addresses taken, known by the names in the directory alone. */
export function reservedAddresses(directory: string): Address[] {
  return addressed(readDirectory(directory)).map(({ address }) => address)
}

/** Who holds an address; undefined when nobody does. */
export function reservationOf(directory: string, address: Address): Reservation | undefined {
  return readReservation(directory, { file: formatAddress(address), address })
}

/** All reservations; none where there is no directory. */
export function reservations(directory: string): Reservation[] {
  if (!stat(directory)) return []
  return records(directory, readDirectory(directory)).filter(isWhole)
}

/** All reservations, after clearing away what a crash left behind: empty records and our own temporary files. */
export function sweep(directory: string, log: Log): Reservation[] {
  const entries = readDirectory(directory)
  for (const { name } of entries) if (temporary.test(name)) remove(`${directory}/${name}`)
  const all = records(directory, entries)
  for (const record of all.filter((record) => !isWhole(record))) {
    log.warn(`${directory}/${record.file} names no container, as a crash leaves it: address released`)
    release(directory, record)
  }
  return all.filter(isWhole)
}

function isWhole({ containerID }: Reservation): boolean {
  return containerID !== ''
}

/** Whether a reservation is the holder's; one without an interface is any interface's. */
export function isHeldBy(reservation: Reservation, { containerID, ifname }: Holder): boolean {
  return reservation.containerID === containerID && (reservation.ifname ?? ifname) === ifname
}

/** Only names that are addresses matter: not `lock`, not `last_reserved_ip.0`. */
function addressed(entries: readonly Entry[]): Pick<Reservation, 'file' | 'address'>[] {
  return entries.flatMap(({ name }) => {
    const address = parseAddress(name)
    return address ? [{ file: name, address }] : []
  })
}

function records(directory: string, entries: readonly Entry[]): Reservation[] {
  const files = entries.filter((entry) => !entry.directory)
  return addressed(files).flatMap((file) => readReservation(directory, file) ?? [])
}

/** A record is the container id, CR LF and the interface; zero bytes are what a power loss leaves. */
function readReservation(
  directory: string,
  entry: Pick<Reservation, 'file' | 'address'>,
): Reservation | undefined {
  const text = readFileIfAny(`${directory}/${entry.file}`)
  if (text === undefined) return undefined
  const [containerID = '', ifname] = text.replaceAll('\0', '').trim().split('\r\n')
  return { ...entry, containerID, ifname }
}

/** The address that was given last from the set of this index, if that is known. */
export function lastReserved(directory: string, set: number): Address | undefined {
  return parseAddress(readFileIfAny(`${directory}/last_reserved_ip.${set}`)?.trim() ?? '')
}

export function rememberLast(directory: string, set: number, address: Address): void {
  writeFile(`${directory}/last_reserved_ip.${set}`, formatAddress(address))
}
