/** A host for tests of protocols with a store in memory: its files are values, and it can be killed before any step. */

import { parseAddress } from '../../shared/ip/address.ts'
import { contains, parseCidr } from '../../shared/ip/subnet.ts'
import { usableOf } from '../../shared/ipam/pool/usable.ts'
import type { Wanted } from '../../shared/store/claims/claim.ts'
import { claimBlock } from '../../shared/store/claims/claim.ts'
import { enter } from '../../shared/store/claims/enter.ts'
import type { Host, Session } from '../../shared/store/claims/host.ts'
import { createPool } from '../../shared/store/claims/pools.ts'
import { recover } from '../../shared/store/claims/recover.ts'
import { releaseHost } from '../../shared/store/claims/release.ts'
import { type Connection, perform, type StoreStep } from '../../shared/store/connection.ts'
import { keysBelow } from '../../shared/store/keys.ts'
import type { Holdings, HostMemory } from '../../shared/store/memory.ts'
import type { DiskAnswer, DiskStep, Protocol, Step } from '../../shared/store/protocol.ts'
import { type MemoryStore, memoryStore } from './memory-connection.ts'

export const keys = keysBelow('/patchbay/')

/** Thrown before the step at which a host is killed. */
export const killed = new Error('killed')

/** What outlives a kill. */
export interface Disk {
  memory: HostMemory
  holdings: readonly Holdings[]
  /** Addresses, each with its holder, by network. */
  reserved: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface PoolHost<Store extends Connection = MemoryStore> {
  name: string
  disk: Disk
  store: Store
  reports: string[]
  /** Called before each step. */
  watch: (step: Step, at: number) => void
}

let made = 0

/** A UUID that no earlier call has returned. */
export function freshId(): string {
  return `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`
}

export function poolHost<Store extends Connection>(store: Store, name: string): PoolHost<Store> {
  const disk: Disk = { memory: { id: freshId(), stores: [], dataDirs: [] }, holdings: [], reserved: {} }
  return { name, disk, store, reports: [], watch: () => {} }
}

/** What a protocol is given, from the files as they are now. */
export function given(host: PoolHost<Connection>): Host {
  return {
    keys,
    name: host.name,
    memory: host.disk.memory,
    holdings: host.disk.holdings,
    now: 'now',
    version: '1',
    fresh: freshId,
    report: (message) => void host.reports.push(message),
  }
}

/** Runs a protocol of a host. @throws killed; what the protocol throws */
export async function run<T>(host: PoolHost<Connection>, protocol: Protocol<T>): Promise<T> {
  let at = 0
  const ask: Connection['ask'] = async (step) => {
    host.watch(step, at++)
    return host.store.ask(step)
  }
  const disk = (step: DiskStep) => {
    host.watch(step, at++)
    return doOnDisk(host, step)
  }
  return perform({ ...host.store, ask }, disk, unlessKilled(protocol))
}

/** A killed process does nothing more: no `catch` or `finally` of it runs. */
function* unlessKilled<T>(protocol: Protocol<T>): Protocol<T> {
  let next = protocol.next()
  while (!next.done) {
    try {
      next = protocol.next(yield next.value)
    } catch (error) {
      if (error === killed) throw error
      next = protocol.throw(error)
    }
  }
  return next.value
}

function doOnDisk(host: PoolHost<Connection>, step: DiskStep): DiskAnswer {
  const { disk } = host
  if (step.kind === 'remember') host.disk = { ...disk, memory: step.memory }
  else if (step.kind === 'hold') host.disk = { ...disk, holdings: withFile(disk.holdings, step.holdings) }
  else if (step.kind === 'leave') {
    if (reservedIn(host, step.holdings.network, step.part).length > 0) return { done: false }
    host.disk = { ...disk, holdings: withFile(disk.holdings, step.holdings) }
  } else return changeReservation(host, step)
  return { done: true }
}

function withFile(all: readonly Holdings[], one: Holdings): Holdings[] {
  return [...all.filter(({ network }) => network !== one.network), one]
}

/** The reserved addresses of a block, or an address. */
export function reservedIn({ disk }: PoolHost<Connection>, network: string, part: string): string[] {
  const block = parseCidr(part)
  const isIn = (text: string) => {
    const address = parseAddress(text)
    return block && address ? contains(block, address) : text === part
  }
  return Object.keys(disk.reserved[network] ?? {}).filter(isIn)
}

function changeReservation(
  host: PoolHost<Connection>,
  step: Extract<DiskStep, { kind: 'reserve' | 'release' }>,
): DiskAnswer {
  const { network, address, host: other } = step
  const holder = host.disk.reserved[network]?.[address]
  const isTheirs = holder === `pool:${other}`
  if (step.kind === 'release') {
    if (isTheirs) setReservation(host, network, address, undefined)
    return { done: isTheirs }
  }
  if (holder !== undefined && !isTheirs) return { done: false, reason: `container ${holder} has it` }
  setReservation(host, network, address, `pool:${other}`)
  return { done: true }
}

/** Reserves an address for a holder, or releases it. */
export function setReservation(
  host: PoolHost<Connection>,
  network: string,
  address: string,
  holder: string | undefined,
): void {
  const { [address]: _, ...others } = host.disk.reserved[network] ?? {}
  const changed = holder === undefined ? others : { ...others, [address]: holder }
  host.disk = { ...host.disk, reserved: { ...host.disk.reserved, [network]: changed } }
}

/** What a network wants of a pool. */
export function wanted(network = 'net', pool = 'blue'): Wanted {
  return { network, pool, dataDir: '/data', usable: usableOf }
}

/** Enters, and then does something. */
export function* within<T>(
  host: Host,
  action: (session: Session) => Protocol<T>,
  network: Wanted = wanted(),
): Protocol<T> {
  return yield* action(yield* enter(host, network))
}

/** Enters, and claims a block of IPv4. @param start its number in the pool */
export function claim(host: PoolHost<Connection>, start = 0, network: Wanted = wanted()): Promise<string> {
  const protocol = within(given(host), (session) => claimBlock(session, network, 4, BigInt(start)), network)
  return run(host, protocol).then(({ block }) => block)
}

/** Enters for a network, and does nothing. */
export function enterOnly(host: PoolHost<Connection>, network: Wanted = wanted()): Promise<void> {
  return run(
    host,
    within(given(host), function* () {}, network),
  )
}

/** The blocks that a host may give addresses of. */
export function held({ disk }: PoolHost<Connection>, network = 'net', state = 'held'): string[] {
  const holdings = disk.holdings.find((one) => one.network === network)
  const blocks = holdings?.blocks.filter((one) => one.state === state) ?? []
  return blocks.map(({ block }) => block).sort()
}

/** What the store says: each block with its host. */
export function claimed({ state }: MemoryStore): string[] {
  const blocks = state.entries.filter(({ key }) => key.startsWith(keys.blocks()))
  return blocks.map(({ value }) => JSON.parse(value)).map(({ block, host }) => `${block} ${host}`)
}

/** A pool of four blocks of 16 addresses. */
export const four = { ranges: [{ subnet: '10.1.0.0/26' }], blockSize: { ipv4: 28, ipv6: 122 } }

/** What the operator's protocols are given. */
export const operator = { keys, now: 'now', fresh: freshId, report: () => {} }

export async function makePool(store: Connection, name = 'blue', plan = four): Promise<void> {
  await ask(store, createPool(operator, name, plan))
}

/** A store with a pool, and two hosts: the first one has a block. */
export async function twoHosts() {
  const store = memoryStore()
  await makePool(store)
  const [one, two] = [poolHost(store, 'one'), poolHost(store, 'two')]
  await claim(one)
  return { store, one, two }
}

export async function open(store: MemoryStore, anyway = false): Promise<void> {
  await ask(store, recover(operator, anyway))
}

/** Runs a protocol of the operator. */
export function ask<T>(store: Connection, protocol: Protocol<T>): Promise<T> {
  return perform(store, () => ({ done: false }), protocol)
}

/** A release that is killed when the host's own key is gone. */
export async function killedRelease(store: Connection, name: string): Promise<void> {
  const protocol = releaseHost(operator, name)
  for (let next = protocol.next(); !next.done; ) {
    const step = next.value as StoreStep
    const answer = await store.ask(step)
    if (step.kind === 'transact') return
    next = protocol.next(answer)
  }
}
