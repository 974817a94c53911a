/** What the networks of this host hold of pools, by their files, and which addresses containers have of it. */

import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { contains, parseCidr } from '../../shared/ip/subnet.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { holdingsFile, home } from '../../shared/store/files.ts'
import { type Holdings, type HostMemory, holdings, hostMemory } from '../../shared/store/memory.ts'
import { type LeftOut, trying } from './left-out.ts'
import { readValue } from './values.ts'

export const hostFile = `${home}/host.json`

/** Below a directory of addresses: the files of what its networks hold. */
const folderOf = (dataDir: string) => holdingsFile(dataDir, '').slice(0, -'/.json'.length)

/** A network that holds blocks. */
export interface Holding {
  file: string
  /** Of the addresses. */
  directory: string
  holdings: Holdings
  /** The addresses that are taken. */
  taken: readonly Address[]
}

/** A file that is not as it should be. */
export interface Damaged {
  file: string
  why: string
}

export interface HeldHere {
  networks: readonly Holding[]
  damaged: readonly Damaged[]
  /** Who this host is; none before its first claim, or when the file is damaged. */
  memory?: HostMemory
}

/** Reads all files about pools below some directories of addresses, and those that this host remembers. */
export function heldHere(dataDirs: readonly string[], leftOut: LeftOut): HeldHere {
  const damaged: Damaged[] = []
  const [memory] = trying(hostFile, () => memoryIn(damaged), leftOut)
  const networks = [...new Set([...dataDirs, ...(memory?.dataDirs ?? [])])].flatMap((dataDir) =>
    holdingFiles(dataDir, leftOut).flatMap((file) =>
      trying(file, () => holdingIn(file, dataDir, damaged), leftOut),
    ),
  )
  return { networks, damaged, memory }
}

/** The files of what networks hold; those that are being written have another ending. */
export function holdingFiles(dataDir: string, leftOut: LeftOut): string[] {
  const entries = trying(folderOf(dataDir), readDirectoryIfAny, leftOut)
  return entries.flatMap(({ name, directory }) =>
    !directory && name.endsWith('.json') ? `${folderOf(dataDir)}/${name}` : [],
  )
}

function holdingIn(file: string, dataDir: string, damaged: Damaged[]): Holding[] {
  const network = file.slice(file.lastIndexOf('/') + 1, -'.json'.length)
  const found = readValue(holdings, readRegular(file))
  const why = 'why' in found ? found.why : unlike(found.value, network)
  if (why !== undefined || 'why' in found) {
    damaged.push({ file, why: why ?? '' })
    return []
  }
  const directory = `${dataDir}/${network}`
  const names = readDirectoryIfAny(directory).map(({ name }) => name)
  return [
    { file, directory, holdings: found.value, taken: names.flatMap((name) => parseAddress(name) ?? []) },
  ]
}

function unlike({ network }: Holdings, name: string): string | undefined {
  return network === name ? undefined : `it is of another network: ${network}`
}

function memoryIn(damaged: Damaged[]): HostMemory[] {
  const text = tolerate(() => readRegular(hostFile), 'ENOENT', 'ENOTDIR')
  if (text === undefined) return []
  const found = readValue(hostMemory, text)
  if ('value' in found) return [found.value]
  damaged.push({ file: hostFile, why: found.why })
  return []
}

/** Whether an address lies in a block or is a single that the network has, in whatever state. */
export function isHeld({ holdings: { blocks, singles } }: Holding, address: Address): boolean {
  const isIn = (text: string) => {
    const cidr = parseCidr(text)
    return cidr !== undefined && contains(cidr, address)
  }
  return (
    blocks.some(({ block }) => isIn(block)) ||
    singles.some((one) => isIn(`${one.address}/${address.family === 4 ? 32 : 128}`))
  )
}

/** How many blocks this host's networks hold of a pool, and how many addresses of them containers have. */
export function usedOf({ networks }: HeldHere, pool: string): { blocks: number; addresses: number } {
  const own = networks.filter(({ holdings }) => holdings.pool === pool)
  return {
    blocks: own.reduce((sum, { holdings }) => sum + holdings.blocks.length, 0),
    addresses: own.reduce((sum, { taken }) => sum + taken.length, 0),
  }
}
