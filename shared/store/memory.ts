/** What this host keeps on its disk about stores: who it is, and what of a pool its networks hold. Both outlive a boot. */

import {
  boolean,
  cidr,
  ip,
  list,
  type Output,
  object,
  oneOf,
  optional,
  path,
  string,
} from '../config/schema.ts'
import { poolDefinition } from './pool.ts'
import { count, hostName, id, poolName } from './words.ts'

const storeMemory = object({
  /** The store's own ID, in its key `epoch`. */
  store: id,
  /** This host's name there when it confirmed: with another one it was renamed since. */
  name: optional(hostName),
  /** The epoch in which this host has confirmed what it holds. */
  epoch: optional(id),
  /** The highest revision that it has seen in that epoch: a lower one tells that etcd was restored. */
  revision: count,
  /** How often it has written to its key of hosts/, and the random text that it wrote last. */
  counter: count,
  nonce: string,
  /** The nonce of a transaction that was perhaps sent, and had no answer. */
  next: optional(string),
})
export type StoreMemory = Output<typeof storeMemory>

/** `/var/lib/patchbay/host.json`. The ID is random: another host of the same name has another one. */
export const hostMemory = object({
  id,
  stores: list(storeMemory),
  /** Where networks have files about their pools. */
  dataDirs: list(path),
})
export type HostMemory = Output<typeof hostMemory>

/**
 * - `claiming`: the transaction may have been sent. No address is given from it.
 * - `held`: this host's.
 * - `leaving`: being given back. No address is given from it.
 * - `disputed`: the store says that another host has it, after a restore, or after this host was released. Its containers keep their
 *   addresses, no other is given from it.
 */
const state = oneOf('claiming', 'held', 'leaving', 'disputed')
export type HoldingState = Output<typeof state>

/** The revision of the key's last change; 0 while it is not known. */
const modified = count

const heldBlock = object({ block: cidr, state, modified })
export type HeldBlock = Output<typeof heldBlock>

/** An address in another host's block, which that host has granted. */
const heldSingle = object({ address: ip, owner: hostName, state, modified })
export type HeldSingle = Output<typeof heldSingle>

/** `<dataDir>/.patchbay-pool/NETWORK.json`: what one network of this host holds of its pool. */
export const holdings = object({
  network: string,
  dataDir: path,
  /** This host's ID: host.json may be lost. */
  id,
  pool: poolName,
  /** As it was read last. */
  definition: poolDefinition,
  /** The store's own ID. */
  store: id,
  /** The file is new: the store may know of more. */
  incomplete: optional(boolean),
  blocks: list(heldBlock),
  singles: list(heldSingle),
})
export type Holdings = Output<typeof holdings>
