/**
 * The names of the store's keys, below `prefix`. Addresses are written in hexadecimal digits, so that keys are in the order of the addresses.
 *
 *     epoch                        hosts/HOST
 *     pools/POOL                   blocks/POOL/4/0a010040     singles/POOL/6/fd00…07
 *     vteps/VNI/HOST               neighbours/VNI/HOST/MAC
 */

import { type Address, width } from '../ip/address.ts'

export interface Keys {
  epoch: string
  host(name: string): string
  hosts: string
  pool(name: string): string
  pools: string
  /** Of a block, by its first address. */
  block(pool: string, first: Address): string
  /** All blocks of a pool, or of all pools. */
  blocks(pool?: string): string
  single(pool: string, address: Address): string
  singles(pool?: string): string
  vtep(vni: number, host: string): string
  /** Of a VNI, or of all. */
  vteps(vni?: number): string
  neighbour(vni: number, host: string, mac: string): string
  /** Of a VNI, or of all. */
  neighbours(vni?: number, host?: string): string
}

/** @param prefix ends with `/`. A name in the plural is a prefix of keys, and ends with `/`, too. */
export function keysBelow(prefix: string): Keys {
  const of = (...parts: (string | number)[]) => prefix + parts.join('/')
  const below = (...parts: (string | number | undefined)[]) =>
    `${of(...parts.filter((part) => part !== undefined))}/`
  return {
    epoch: of('epoch'),
    host: (name) => of('hosts', name),
    hosts: below('hosts'),
    pool: (name) => of('pools', name),
    pools: below('pools'),
    block: (pool, first) => of('blocks', pool, first.family, inDigits(first)),
    blocks: (pool) => below('blocks', pool),
    single: (pool, address) => of('singles', pool, address.family, inDigits(address)),
    singles: (pool) => below('singles', pool),
    vtep: (vni, host) => of('vteps', vni, host),
    vteps: (vni) => below('vteps', vni),
    neighbour: (vni, host, mac) => of('neighbours', vni, host, mac),
    neighbours: (vni, host) => below('neighbours', vni, host),
  }
}

function inDigits({ family, value }: Address): string {
  return value.toString(16).padStart(width(family) / 4, '0')
}

/** All keys that begin with a prefix that ends with `/`: `0` is the character behind it. */
export function allBelow(prefix: string): { from: string; to: string } {
  return { from: prefix, to: `${prefix.slice(0, -1)}0` }
}
