/** What other hosts publish, as far as it can be believed: every writer of the store can write anything. */

import * as z from 'zod/mini'
import { jsonIn } from '../../../shared/config/json.ts'
import { formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { whyUnusable } from '../../../shared/ip/host.ts'
import { formatMac, isUnicastMac, parseMac } from '../../../shared/ip/mac.ts'
import { contains, linkLocal } from '../../../shared/ip/subnet.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import { neighbour, vtep } from '../../../shared/store/values.ts'
import { hostName } from '../../../shared/store/words.ts'

/** Another host's VTEP; addresses are in canonical form. */
export interface Peer {
  host: string
  address: string
  family: 4 | 6
  port: number
  mac: string
}

/** An attachment of another host. */
export interface RemoteNeighbour {
  host: string
  mac: string
  addresses: string[]
  /** The revision of the last change: of two that claim one address, the newer one counts. */
  modified: number
}

/** A value, or why it is not believed. */
export type Read<T> = { value: T } | { wrong: string }

/** Ours have a few hundred bytes. */
const LONGEST = 4096
const MOST_ADDRESSES = 64

/** @param key below `vteps/VNI/`: HOST */
export function readPeer(key: string, entry: Entry): Read<Peer> {
  const parsed = parse(vtep, entry)
  if ('wrong' in parsed) return parsed
  if (!isHost(key)) return { wrong: 'its key has no host name' }
  const address = parseAddress(parsed.value.address)
  const why = address ? unreachable(address) : 'no address'
  if (!address || why) return { wrong: `its address is ${why}` }
  const { port, mac } = parsed.value
  return { value: { host: key, address: formatAddress(address), family: address.family, port, mac } }
}

/** @param key below `neighbours/VNI/`: HOST/MAC */
export function readNeighbour(key: string, entry: Entry): Read<RemoteNeighbour> {
  const parsed = parse(neighbour, entry)
  if ('wrong' in parsed) return parsed
  const [host = '', name = '', ...more] = key.split('/')
  const bytes = parseMac(parsed.value.mac)
  if (!isHost(host) || more.length > 0) return { wrong: 'its key has no host name' }
  if (!bytes || !isUnicastMac(bytes)) return { wrong: "its MAC address is no interface's" }
  const mac = formatMac(bytes)
  if (name !== mac) return { wrong: 'its key has another MAC address' }
  const { addresses } = parsed.value
  if (addresses.length > MOST_ADDRESSES) return { wrong: `it has ${addresses.length} addresses` }
  const usable = addresses.map(canonical)
  if (usable.includes(undefined)) return { wrong: "one of its addresses is no interface's" }
  return { value: { host, mac, addresses: usable as string[], modified: entry.modified } }
}

function parse<T extends z.core.$ZodType>(schema: T, { value }: Entry): Read<z.output<T>> {
  if (value.length > LONGEST) return { wrong: `it has ${value.length} characters` }
  const { success, data, error } = z.safeParse(schema, jsonIn(value))
  if (success) return { value: data }
  const [issue] = error.issues
  return { wrong: `${issue?.path.join('.') || 'it'} must be ${issue?.message ?? 'otherwise'}` }
}

function isHost(text: string): boolean {
  return z.safeParse(hostName, text).success
}

function unreachable(address: NonNullable<ReturnType<typeof parseAddress>>): string | undefined {
  const why = whyUnusable({ address, prefix: address.family === 4 ? 32 : 128 })
  return why ?? (contains(linkLocal, address) ? 'a link-local address' : undefined)
}

function canonical(text: string): string | undefined {
  const address = parseAddress(text)
  if (!address || whyUnusable({ address, prefix: address.family === 4 ? 32 : 128 })) return undefined
  return formatAddress(address)
}
