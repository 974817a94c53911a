/** The directories in which host-local keeps the addresses of networks, and what is in each. */

import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { isOfContainer } from '../../shared/ipam/host-local/holder-kind.ts'
import { isNameless, type Reservation, readRecord } from '../../shared/ipam/host-local/records.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { networksBelow } from './addresses.ts'

/** The addresses of one network in one directory. */
export interface Store {
  network: string
  directory: string
  /** All that are taken; also those that wait for their container to come back, or are lent to another host. */
  taken: readonly Address[]
  /** Those that containers hold. */
  held: readonly Reservation[]
  /** Files of addresses that name no container. */
  nameless: readonly string[]
}

/** All below some directories. Reads each record. @throws KernelError */
export function storesIn(dataDirs: readonly string[]): Store[] {
  return dataDirs.flatMap((dataDir) =>
    networksBelow(dataDir).map((network) => storeIn(`${dataDir}/${network}`, network)),
  )
}

function storeIn(directory: string, network: string): Store {
  const taken: Address[] = []
  const held: Reservation[] = []
  const nameless: string[] = []
  for (const { name, directory: isDirectory } of readDirectoryIfAny(directory)) {
    const address = isDirectory ? undefined : parseAddress(name)
    if (!address) continue
    taken.push(address)
    const record = readRecord(directory, name)
    if (record && isOfContainer(record)) held.push(record)
    if (!record && isNameless(directory, name)) nameless.push(`${directory}/${name}`)
  }
  return { network, directory, taken, held, nameless }
}
