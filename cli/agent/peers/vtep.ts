/**
 * The entries of a VTEP in the kernel. With `"peers": "store"` the agent owns all its remotes for unknown addresses, and all permanent entries; an
 * operator's own are `static` (`nud noarp` for neighbours), and are left alone.
 */

import { formatAddress } from '../../../shared/ip/address.ts'
import { listAllAddresses } from '../../../shared/netlink/address.ts'
import { findLink, type Link } from '../../../shared/netlink/link.ts'
import { type Request, type Socket, transact } from '../../../shared/netlink/socket.ts'
import {
  floodMac,
  listFdb,
  listNeighbourEntries,
  removeFdbEntry,
  removeNeighbourEntry,
  setFdbEntry,
  setNeighbourEntry,
} from '../../../shared/netlink/vtep-entries.ts'
import { parseVxlan, type VxlanOptions } from '../../../shared/netlink/vxlan.ts'
import { type Difference, type Entries, remoteKey } from './differences.ts'

export interface Vtep {
  link: Link
  options: VxlanOptions
}

/** What a VTEP has: the agent's entries, and an operator's, by MAC and IP addresses. */
export interface Actual {
  entries: Entries
  foreign: Set<string>
  /** The addresses of this host, on any link. */
  addresses: Set<string>
}

/** The VTEP of a VNI; undefined when there is no link of the name, or it is another thing. */
export function findVtep(socket: Socket, name: string, vni: number): Vtep | undefined {
  const link = findLink(socket, name)
  if (link?.kind !== 'vxlan' || !link.data) return undefined
  const options = parseVxlan(link.data)
  return options.vni === vni && !options.external ? { link, options } : undefined
}

export function readVtep(socket: Socket, { link, options }: Vtep): Actual {
  const entries: Entries = { flood: new Map(), fdb: new Map(), neighbours: new Map() }
  const foreign = new Set<string>()
  const addresses = new Set(listAllAddresses(socket).map(({ address }) => formatAddress(address)))
  for (const { mac, state, ...remote } of listFdb(socket, link)) {
    if (mac === floodMac) entries.flood.set(remoteKey(remote), remote)
    else if (state === 'permanent') entries.fdb.set(mac, remote)
    else if (state === 'noarp') foreign.add(mac)
  }
  if (!options.proxy) return { entries, foreign, addresses }
  for (const { mac, address, state } of listNeighbourEntries(socket, link)) {
    if (state === 'permanent') entries.neighbours.set(address, mac)
    else if (state === 'noarp') foreign.add(address)
  }
  return { entries, foreign, addresses }
}

/** Makes differences, in their order, also those behind one that fails. @throws KernelError the first failure */
export function write(socket: Socket, vtep: Vtep, differences: readonly Difference[]): void {
  transact(
    socket,
    differences.map((one) => requestOf(vtep, one)),
  )
}

function requestOf({ link }: Vtep, one: Difference): Request {
  if (one.kind === 'neighbour')
    return one.set ? setNeighbourEntry(link, one.address, one.set) : removeNeighbourEntry(link, one.address)
  const mac = one.kind === 'fdb' ? one.mac : floodMac
  if (one.set) return setFdbEntry(link, mac, one.set)
  return removeFdbEntry(link, mac, one.remove ?? { dst: '' })
}
