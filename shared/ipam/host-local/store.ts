/**
 * Who holds which address: one directory per network, one file per address, in the format of the reference's
 * host-local, so that either can go on where the other left. Everything here is called with the lock held.
 */

import type { Log } from '../../cni/log.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import {
  createFile,
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

/** The addresses taken, known by the files' names alone. */
export function reservedAddresses(directory: string): Address[] {
  return reservationFiles(directory).map(({ address }) => address)
}

/** Who holds an address; undefined when nobody does. */
export function reservationOf(directory: string, address: Address): Reservation | undefined {
  return readReservation(directory, { file: formatAddress(address), address })
}

/** All reservations, records that name nobody left out. */
export function reservations(directory: string): Reservation[] {
  return records(directory).filter(({ containerID }) => containerID !== '')
}

/** All reservations, after clearing away what a crash left behind: empty records and our own temporary files. */
export function sweep(directory: string, log: Log): Reservation[] {
  for (const { name } of readDirectory(directory)) if (temporary.test(name)) remove(`${directory}/${name}`)
  const all = records(directory)
  for (const record of all.filter(({ containerID }) => containerID === '')) {
    log.warn(`${directory}/${record.file} names no container, as a crash leaves it: address released`)
    release(directory, record)
  }
  return all.filter(({ containerID }) => containerID !== '')
}

/** Whether a reservation is the holder's; one without an interface is any interface's. */
export function isHeldBy(reservation: Reservation, { containerID, ifname }: Holder): boolean {
  return reservation.containerID === containerID && (reservation.ifname ?? ifname) === ifname
}

/** Only names that are addresses are reservations: not `lock`, not `last_reserved_ip.0`. */
function reservationFiles(directory: string): { file: string; address: Address }[] {
  return readDirectory(directory).flatMap(({ name, directory: nested }) => {
    const address = nested ? undefined : parseAddress(name)
    return address ? [{ file: name, address }] : []
  })
}

function records(directory: string): Reservation[] {
  return reservationFiles(directory).flatMap((entry) => readReservation(directory, entry) ?? [])
}

/** A record is the container id, CR LF and the interface; zero bytes are what a power loss leaves. */
function readReservation(
  directory: string,
  entry: { file: string; address: Address },
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
