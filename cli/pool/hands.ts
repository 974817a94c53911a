/** Runs protocols of this host with a store: on its files, under its lock or without it. The agent and the verbs do it alike. */

import { printError } from '../../shared/error/log.ts'
import { readValueIfAny } from '../../shared/kernel/files.ts'
import { renewPatience } from '../../shared/state/lock.ts'
import type { Host } from '../../shared/store/claims/host.ts'
import { type Connection, perform } from '../../shared/store/connection.ts'
import { allHoldings, home, readHost } from '../../shared/store/files.ts'
import type { Keys } from '../../shared/store/keys.ts'
import type { HostMemory } from '../../shared/store/memory.ts'
import type { Protocol } from '../../shared/store/protocol.ts'
import { version } from '../../shared/version.ts'
import { diskIn } from './disk.ts'
import { withHostLock } from './host-lock.ts'

/** Runs a protocol, which is given the host as its files say now. @throws CniError, KernelError, StoreAway */
export type RunProtocol = <T>(protocol: (host: Host) => Protocol<T>) => Promise<T>

export interface Hands {
  /** Under the host's lock, as all that claims or gives back. */
  locked: RunProtocol
  /** Without it, for answers to other hosts. */
  free: RunProtocol
  /** Several protocols under the lock, one after the other. */
  holding<T>(action: (run: RunProtocol) => Promise<T>): Promise<T>
}

/** What it needs of the store. */
export interface Reach {
  connection: Connection
  keys: Keys
  /** This host's name in the store. */
  host: string
}

/** A claim that waits for an answer has the lock for this long at most, milliseconds. */
const LONGEST = 10_000

/**
 * @param dataDirs of the networks in question: host.json, which knows all, may be lost
 * @param report is told of values of the store that are no good, and of what is disputed
 */
export function handsOf(
  { connection, keys, host: name }: Reach,
  dataDirs: () => readonly string[],
  report: (message: string) => void = printError,
  directory = home,
): Hands {
  const disk = diskIn(directory)
  const run: RunProtocol = (protocol) => {
    renewPatience()
    const memory = memoryFor(dataDirs(), directory)
    const holdings = allHoldings([...memory.dataDirs, ...dataDirs()])
    const host: Host = { keys, name, memory, holdings, now: new Date().toISOString(), version, fresh, report }
    return perform(connection, disk, protocol(host))
  }
  const holding: Hands['holding'] = (action) => withHostLock(LONGEST, () => action(run), directory)
  return { free: run, holding, locked: (protocol) => holding(() => run(protocol)) }
}

/** A random UUID of the kernel (random(4)). */
export function fresh(): string {
  return readValueIfAny('/proc/sys/kernel/random/uuid') ?? ''
}

/** A random number of 122 bits. */
export function randomNumber(): bigint {
  return BigInt(`0x${fresh().replaceAll('-', '')}`)
}

/** The host's identity. Where its file is lost, the networks' files still have its ID; without these the host is a new one. */
function memoryFor(dataDirs: readonly string[], directory: string): HostMemory {
  const known = readHost(directory)
  if (known) return known
  const [some] = allHoldings(dataDirs)
  return { id: some?.id ?? fresh(), stores: [], dataDirs: [] }
}
