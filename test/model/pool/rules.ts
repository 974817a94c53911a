/** What must be true in every world. Each rule returns a sentence about what is wrong. */

import { parseCidr } from '../../../shared/ip/subnet.ts'
import { isWithin } from '../../../shared/store/claims/blocks.ts'
import type { HeldBlock } from '../../../shared/store/memory.ts'
import type { PoolDefinition } from '../../../shared/store/pool.ts'
import { StoreAway } from '../../../shared/store/protocol.ts'
import type { BlockValue, Epoch, SingleValue } from '../../../shared/store/values.ts'
import type { State as Store } from '../../harness/memory-store.ts'
import { addressesOf } from './addresses.ts'
import type { Event } from './events.ts'
import { firstEpoch } from './first.ts'
import { keys, poolName } from './names.ts'
import type { Machine, Network, World } from './world.ts'

export type Rule = (before: World, event: Event, world: World) => string | undefined

export const rules: readonly Rule[] = [
  wrongEnd,
  (_, __, world) => givenTwice(world),
  (_, __, world) => heldTwice(world),
  (_, __, world) => givenOutside(world),
  (_, __, world) => heldWithoutKey(world),
  usedAgain,
  wrongSize,
  wronglyClaimed,
  (_, __, world) => falseAlarm(world),
  (_, __, world) => grantedButFree(world),
]

/** A protocol may fail where the same may succeed later, and for want of a pool that is deleted. */
function wrongEnd(_: World, event: Event, { store, machines }: World): string | undefined {
  if (event.kind !== 'step' || !event.end || !('error' in event.end)) return undefined
  const { error } = event.end
  if (error.message.includes('has the identity of') && !machines.some(isCopy))
    return `${event.machine} takes itself for a copied host`
  const isPoolGone = codeOf(error) === 7 && !storedAt(store, keys.pool(poolName))
  return isExpected(error) || isPoolGone
    ? undefined
    : `${event.work.kind} fails: ${error.stack ?? error.message}`
}

/** The store is away, or the same may succeed later. */
export function isExpected(error: Error): boolean {
  return error.constructor.name === StoreAway.name || codeOf(error) === 11
}

function isCopy({ id }: Machine): boolean {
  return id.endsWith('copy')
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}

/** No address is given at two places. */
function givenTwice({ machines, excused }: World): string | undefined {
  const found = new Map<string, string>()
  for (const { id, networks } of machines)
    for (const { given, network } of networks)
      for (const address of given) {
        const here = `${id}/${network}`
        const there = found.get(address)
        if (there && !excused.some((block) => addressesOf(block).includes(address)))
          return `${address} is given at ${there} and at ${here}`
        found.set(address, here)
      }
  return undefined
}

/** No block is one from which two networks give. */
function heldTwice({ machines, excused }: World): string | undefined {
  const found = new Map<string, string>()
  for (const { id, isOn, networks } of machines)
    for (const { network, holdings } of isOn ? networks : [])
      for (const { block, state } of holdings?.blocks ?? []) {
        if (state !== 'held' || excused.includes(block)) continue
        const here = `${id}/${network}`
        const there = found.get(block)
        if (there) return `${block} is held by ${there} and by ${here}`
        found.set(block, here)
      }
  return undefined
}

/** An address is given from a block that the network's file still names: otherwise the block may be another's. */
function givenOutside({ machines }: World): string | undefined {
  for (const { id, networks } of machines)
    for (const { network, holdings, given } of networks) {
      const { blocks = [], singles = [] } = holdings ?? {}
      const isGivenFrom = ({ state }: { state: string }) => state === 'held' || state === 'disputed'
      const known = [
        ...blocks.filter(isGivenFrom).flatMap(({ block }) => addressesOf(block)),
        ...singles.filter(isGivenFrom).map(({ address }) => address),
      ]
      const other = given.find((address) => !known.includes(address))
      if (other) return `${id} gives ${other}, which is in nothing that ${network} holds`
    }
  return undefined
}

/** The key of a block that is held names the host, unless etcd may have been restored: otherwise another host can claim it. */
function heldWithoutKey({ store, machines, backup, excused }: World): string | undefined {
  if (backup) return undefined
  for (const { id, isOn, memory, networks } of machines)
    for (const { holdings } of isOn && memory ? networks : [])
      for (const { block, state } of holdings?.blocks ?? []) {
        if (state !== 'held' || excused.includes(block)) continue
        const first = parseCidr(block)?.address
        const value = first && storedAt<BlockValue>(store, keys.block(poolName, first))
        if (value?.id !== memory?.id) return `${id} holds ${block}, whose key names ${value?.host}`
      }
  return undefined
}

/** A block that is leaving is not held again, before its key is known to be gone. */
function usedAgain(before: World, _: Event, world: World): string | undefined {
  for (const [at, machine] of world.machines.entries())
    for (const [of, { holdings }] of machine.networks.entries()) {
      const earlier = before.machines[at]?.networks[of]?.holdings?.blocks ?? []
      if (!holdings || earlier === holdings.blocks) continue
      const isLeaving = ({ block }: HeldBlock) =>
        earlier.some((one) => one.block === block && one.state === 'leaving')
      const again = holdings.blocks.find((one) => one.state !== 'leaving' && isLeaving(one))
      if (again) return `${machine.id} uses ${again.block} again, which was leaving`
    }
  return undefined
}

/** A key of a block is made only for what its host holds by its file, or in an open epoch within the pool as it is now. */
function wronglyClaimed({ store: before, machines }: World, _: Event, { store }: World): string | undefined {
  const made = newBlock(before, store)
  if (!made) return undefined
  const { block, host, network } = made
  const holds = machines.some(
    (one) => one.name === host && one.networks.some((its) => isNoted(its, network, block)),
  )
  if (holds) return undefined
  if (epochOf(before)?.state === 'closed') return `${block} is claimed by ${host} in a closed epoch`
  const pool = storedAt<PoolDefinition>(before, keys.pool(poolName))
  if (pool?.closing) return `${block} is claimed of a pool that is being deleted`
  const isInside = pool?.ranges.some(({ subnet }) => isWithin(subnet, block))
  return isInside ? undefined : `${block} is claimed, which is not in the pool`
}

/** A key of a block is made only with the size that its pool has now. */
function wrongSize({ store: before }: World, _: Event, { store }: World): string | undefined {
  const made = newBlock(before, store)
  const pool = made && storedAt<PoolDefinition>(before, keys.pool(poolName))
  const isFitting = !pool || parseCidr(made.block)?.prefix === pool.blockSize.ipv4
  return isFitting
    ? undefined
    : `${made.block} is claimed, and the pool has blocks of /${pool.blockSize.ipv4}`
}

/** The value of a block's key that was made by the last change. */
function newBlock(before: Store, store: Store): BlockValue | undefined {
  if (before === store || store.revision !== before.revision + 1) return undefined
  const made = store.entries.find(
    ({ key, created }) => created === store.revision && key.startsWith(keys.blocks()),
  )
  return made && (JSON.parse(made.value) as BlockValue)
}

function isNoted({ network, holdings }: Network, wanted: string, block: string): boolean {
  const blocks = network === wanted ? (holdings?.blocks ?? []) : []
  return blocks.some((one) => one.block === block && one.state !== 'claiming')
}

/** Without a backup etcd cannot have been restored. */
function falseAlarm({ store, backup }: World): string | undefined {
  const isFalse = !backup && epochOf(store)?.state === 'closed'
  return isFalse ? 'the epoch is closed, and etcd was not restored' : undefined
}

/** An address that another host was granted is reserved where its block is held. After a restore the store may have old keys again. */
function grantedButFree({ store, machines }: World): string | undefined {
  const epoch = epochOf(store)
  if (epoch?.id !== firstEpoch || store.index - store.revision < epoch.offset) return undefined
  for (const { key, value } of store.entries) {
    if (!key.startsWith(keys.singles())) continue
    const { address, host, state } = JSON.parse(value) as SingleValue
    const holders = machines
      .filter(({ isOn }) => isOn)
      .flatMap(({ networks }) => networks.filter((one) => holds(one, address)))
    if (state === 'granted' && holders.some(({ lent }) => !lent.includes(`${address} pool:${host}`)))
      return `${address} was granted to ${host}, and is not reserved`
  }
  return undefined
}

function holds({ holdings }: Network, address: string): boolean {
  return holdings?.blocks.some(({ block, state }) => state === 'held' && isWithin(block, address)) ?? false
}

function epochOf(store: Store): Epoch | undefined {
  return storedAt<Epoch>(store, keys.epoch)
}

/** The value of a key, as the product has written it. */
export function storedAt<T>({ entries }: Store, name: string): T | undefined {
  const entry = entries.find(({ key }) => key === name)
  return entry && (JSON.parse(entry.value) as T)
}
