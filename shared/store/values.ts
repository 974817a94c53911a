/**
 * The values of the store's keys (keys.ts). All are JSON; what another program wrote there is checked before it is believed. What others than its
 * host change, too, keeps the keys of a newer version (`keeping`); a host writes what is its alone anew.
 */

import {
  cidr,
  integer,
  ip,
  keeping,
  list,
  mac,
  type Output,
  object,
  oneOf,
  optional,
  string,
} from '../config/schema.ts'
import { count, hostName, id } from './words.ts'

/**
 * `epoch`: the life of the store since it was made, or since it was last restored from a backup. While it is `closed`, hosts confirm what they
 * hold and no block is claimed.
 */
export const epoch = keeping({
  store: id,
  id,
  /** Index of the last applied raft entry less the revision, when the epoch began. It never falls, but for a restore: then the raft log begins anew. */
  offset: integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  state: oneOf('open', 'closed'),
  /** For people: when it began, by the clock of the host that began it. */
  since: string,
})
export type Epoch = Output<typeof epoch>

/** `hosts/HOST`. */
export const host = keeping({
  id,
  /** The epoch in which the host has confirmed what it holds; none before. */
  epoch: optional(id),
  counter: count,
  nonce: string,
  /** For people: when it was written last, by the host's clock, and by which version. */
  seen: string,
  version: optional(string),
})
export type HostValue = Output<typeof host>

/** `blocks/POOL/…`: a block that a host holds for one of its networks. It has no end: the host gives it back. */
export const block = object({ block: cidr, host: hostName, id, network: string, since: string })
export type BlockValue = Output<typeof block>

/** `singles/POOL/…`: an address in the block of another host, `owner`, that `host` asks for. */
export const single = keeping({
  address: ip,
  host: hostName,
  id,
  network: string,
  owner: hostName,
  state: oneOf('asked', 'granted', 'refused'),
  /** Why it was refused: for the error of ADD. */
  reason: optional(string),
  since: string,
})
export type SingleValue = Output<typeof single>

/** `vteps/VNI/HOST`: where a host receives the VNI. */
export const vtep = object({ address: ip, mac, port: integer({ min: 1, max: 65535 }), since: string })
export type VtepValue = Output<typeof vtep>

/** `neighbours/VNI/HOST/MAC`: an attachment of a network with `arpSuppress`. */
export const neighbour = object({ mac, addresses: list(ip) })
export type NeighbourValue = Output<typeof neighbour>
