/** What host-local has given: read once for all metrics. */

import { isIdentifier } from '../../shared/config/names.ts'
import { type Reservation, reservations } from '../../shared/ipam/host-local/records.ts'
import { isParked } from '../../shared/ipam/host-local/sticky.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { type LeftOut, trying } from '../host/left-out.ts'

/** The addresses of a network. */
export interface Store {
  network: string
  directory: string
  /** Of containers. */
  held: Reservation[]
  /** Kept for a later container of the same pod. */
  kept: Reservation[]
}

export function readStores(dataDirs: readonly string[], leftOut: LeftOut): Store[] {
  const names = dataDirs.flatMap((dataDir) => trying(dataDir, networksIn, leftOut))
  return names.flatMap(({ network, directory }) => {
    const all = trying(directory, reservations, leftOut)
    return { network, directory, held: all.filter((one) => !isParked(one)), kept: all.filter(isParked) }
  })
}

function networksIn(dataDir: string): Pick<Store, 'network' | 'directory'>[] {
  const folders = readDirectoryIfAny(dataDir).filter(({ name, directory }) => directory && isIdentifier(name))
  return folders.map(({ name }) => ({ network: name, directory: `${dataDir}/${name}` }))
}
