/** Fills a store with what many hosts leave there, in values of the real size, by transactions of a hundred keys as an agent's. */

import type { Connection } from '../../../shared/store/connection.ts'
import { keysBelow } from '../../../shared/store/keys.ts'
import type { BlockValue, NeighbourValue, VtepValue } from '../../../shared/store/values.ts'
import { hostName } from './hosts.ts'

const keys = keysBelow('/patchbay/')
const since = '2026-11-28T12:00:00.000Z'

/** etcd takes 128 operations in a transaction. */
const atOnce = 100

/** Which VNIs a host serves: each VNI has as many hosts. */
export interface Spread {
  hosts: number
  vnis: number
  /** VNIs of a host, and containers of a host in each. */
  served: number
  containers: number
}

export function vnisOf(host: number, { vnis, served }: Spread): number[] {
  return Array.from({ length: served }, (_, nth) => (host * served + nth) % vnis)
}

/** The VTEPs of all hosts. */
export function vtepsOf(spread: Spread): Put[] {
  return numbers(spread.hosts).flatMap((host) => vnisOf(host, spread).map((vni) => vtepOf(host, vni)))
}

/** The containers of all hosts, each with an address of both families. */
export function neighboursOf(spread: Spread): Put[] {
  return numbers(spread.hosts).flatMap((host) =>
    vnisOf(host, spread).flatMap((vni) =>
      numbers(spread.containers).map((nth) => neighbourOf(host, vni, nth)),
    ),
  )
}

/** Blocks that hosts have claimed, in 172.16.0.0/12. */
export function blocksOf(count: number, hosts: number): Put[] {
  return numbers(count).map((at) => {
    const value = 0xac100000n + BigInt(at) * 64n
    const text = [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
    const [host, network] = [hostName(at % hosts), 'net']
    const block: BlockValue = { block: `${text}/26`, host, id: uuid(at), network, since }
    return { key: keys.block('red', { family: 4, value }), value: JSON.stringify(block) }
  })
}

export interface Put {
  key: string
  value: string
}

export function vtepOf(host: number, vni: number): Put {
  const address = `192.168.${host >> 8}.${host & 255}`
  const value: VtepValue = { address, mac: macOf(host, vni, 0), port: 4789, since }
  return { key: keys.vtep(vni, hostName(host)), value: JSON.stringify(value) }
}

export function neighbourOf(host: number, vni: number, nth: number): Put {
  const mac = macOf(host, vni, nth + 1)
  const [high, low] = [host >> 8, host & 255]
  const addresses = [`10.${(vni * 16 + high) & 255}.${low}.${nth + 1}`, `fd00:${vni}::${host}:${nth + 1}`]
  const value: NeighbourValue = { mac, addresses }
  return { key: keys.neighbour(vni, hostName(host), mac), value: JSON.stringify(value) }
}

export async function putAll(connection: Connection, puts: readonly Put[]): Promise<void> {
  const chunks = numbers(Math.ceil(puts.length / atOnce)).map((at) =>
    puts.slice(at * atOnce, (at + 1) * atOnce),
  )
  for (const chunk of chunks)
    await connection.ask({
      kind: 'transact',
      when: [],
      do: chunk.map((put) => ({ put })),
      otherwise: [],
    })
}

function macOf(...[host, vni, nth]: [number, number, number]): string {
  const bytes = [0x02, host >> 8, host, vni >> 8, vni, nth]
  return bytes.map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')
}

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}
