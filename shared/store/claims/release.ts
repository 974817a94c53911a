/** Frees what a host holds, which is gone for good. Only the operator knows that. */

import { type Condition, type Entry, type Operation, type Protocol, read, transact } from '../protocol.ts'
import {
  type BlockValue,
  block as blockSchema,
  type Epoch,
  epoch as epochSchema,
  type HostValue,
  host as hostSchema,
  type SingleValue,
  single as singleSchema,
} from '../values.ts'
import { damaged, entered } from './errors.ts'
import { entriesBelow } from './pages.ts'
import { chunksOf } from './parts.ts'
import type { Operator } from './pools.ts'
import { allKnown, type Known, known } from './value.ts'

const ATTEMPTS = 5

/** What a host has in the store, with the revisions of the keys. */
export interface Estate {
  name: string
  /** The host's key, also if its value is damaged. */
  own?: Entry | undefined
  host?: Known<HostValue> | undefined
  blocks: readonly Known<BlockValue>[]
  singles: readonly Known<SingleValue>[]
  /** Keys of vteps/ and neighbours/. */
  others: readonly Entry[]
}

/** What `release` would free: it reads all blocks. */
export function* estateOf({ keys, report }: Operator, name: string): Protocol<Estate> {
  const entries = yield* entriesBelow(keys.hosts)
  const hosts = allKnown(hostSchema, entries, report)
  const host = hosts.find(({ key }) => key === keys.host(name))
  const blocks = allKnown(blockSchema, yield* entriesBelow(keys.blocks()), report)
  const singles = allKnown(singleSchema, yield* entriesBelow(keys.singles()), report)
  const peers: Entry[] = []
  for (const prefix of [keys.vteps(), keys.neighbours()])
    peers.push(...(yield* entriesBelow(prefix, true)).filter(({ key }) => hostIn(key, prefix) === name))
  const isOwn = ({ value }: { value: BlockValue | SingleValue }) =>
    value.host === name && !hosts.some((one) => isLater(one, host, value.id))
  return {
    name,
    own: entries.find(({ key }) => key === keys.host(name)),
    host,
    blocks: blocks.filter(isOwn),
    singles: singles.filter(isOwn),
    others: peers,
  }
}

/** The host was renamed, and lives under another name: it has written there since. */
function isLater(one: Known<HostValue>, host: Known<HostValue> | undefined, id: string): boolean {
  if (one.value.id !== id || one.key === host?.key) return false
  return host?.value.id !== id || host.value.counter < one.value.counter
}

/**
 * What earlier installations of a host have left: keys of its name with an ID that no key of hosts/ has. A release that was killed may leave
 * them, when the host is installed anew.
 */
export function* leftOf(operator: Operator, name: string): Protocol<Estate> {
  const estate = yield* estateOf(operator, name)
  if (!estate.own) return estate
  const now = estate.host
  // Whose ID is the present one?
  if (!now) throw damaged(estate.own.key)
  const isEarlier = ({ value }: { value: { id: string } }) => value.id !== now.value.id
  return {
    ...estate,
    blocks: estate.blocks.filter(isEarlier),
    singles: estate.singles.filter(isEarlier),
    others: [],
  }
}

/** @param key `…vteps/VNI/HOST` or `…neighbours/VNI/HOST/MAC`, of the prefix before VNI */
function hostIn(key: string, prefix: string): string | undefined {
  return key.slice(prefix.length).split('/')[1]
}

/**
 * Frees all of it. The host's own key goes first: a transaction that the host has sent, and that arrives later, is void then.
 * @returns what was freed
 * @throws CniError of code 11 when the host has entered again meanwhile: it is not gone. What is left stays its own
 */
export function* releaseHost(operator: Operator, name: string): Protocol<Estate> {
  const first = yield* estateOf(operator, name)
  if (first.own) {
    const { key, modified } = first.own
    const { succeeded } = yield* transact({ when: [{ key, modified }], do: [{ remove: { from: key } }] })
    if (!succeeded) throw entered(name)
  }
  // Looked at again: what the host's last transaction has claimed is among it now.
  const freed = yield* freeLeft(operator, name, [first.host, ...first.blocks, ...first.singles])
  return { ...freed, own: first.own, host: first.host }
}

/**
 * Frees only what earlier installations have left. What the host has that has the name now stays its own.
 * @returns what was freed; `host` is the one that stays
 * @throws CniError of code 11 when the store changes again and again
 */
export function* releaseLeft(operator: Operator, name: string): Protocol<Estate> {
  return yield* freeLeft(operator, name, [])
}

/** @param gone what is the released host's: if that has entered again, it is not gone */
function* freeLeft(
  operator: Operator,
  name: string,
  gone: readonly ({ value: { id: string } } | undefined)[],
): Protocol<Estate> {
  let freed: Estate | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const left = yield* leftOf(operator, name)
    freed ??= left
    const id = left.host?.value.id
    if (id !== undefined && [...gone, ...freed.blocks, ...freed.singles].some((one) => one?.value.id === id))
      throw entered(name)
    if (yield* isFreed(operator, left)) return freed
  }
  throw entered(name)
}

/**
 * A host that enters in the midst of it keeps what is left. In a closed epoch all hosts confirm once more: a block may be another's, which calls
 * it disputed, and claims it before the store is opened.
 */
function* isFreed(operator: Operator, { name, own, blocks, singles, others }: Estate): Protocol<boolean> {
  const { keys, report } = operator
  // No host writes its ID over another's: as long as the key is there, it is the same host's.
  const asSeen: Condition = { key: keys.host(name), created: own?.created ?? 0 }
  for (const chunk of chunksOf([...blocks, ...singles, ...others])) {
    const [entry] = (yield* read({ from: keys.epoch })).entries
    const { succeeded } = yield* transact({
      when: [asSeen, { key: keys.epoch, modified: entry?.modified ?? 0 }, ...chunk.map(asRead)],
      do: [
        ...chunk.map(({ key }) => ({ remove: { from: key } })),
        ...calledAgain(operator, known(epochSchema, entry, report)),
      ],
    })
    if (!succeeded) return false
  }
  return true
}

function asRead({ key, modified }: Pick<Entry, 'key' | 'modified'>): Condition {
  return { key, modified }
}

/** A closed epoch begins anew: no host has confirmed in it. */
function calledAgain({ fresh }: Operator, epoch: Known<Epoch> | undefined): Operation[] {
  if (epoch?.value.state !== 'closed') return []
  return [{ put: { key: epoch.key, value: JSON.stringify({ ...epoch.value, id: fresh() }) } }]
}
