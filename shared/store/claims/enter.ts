/** The beginning of all that a host does with the store: is this the store, the epoch and the host that we know? */

import { type PoolDefinition, poolDefinition } from '../pool.ts'
import { type Entry, type Protocol, transact } from '../protocol.ts'
import { type Epoch, epoch as epochSchema, type HostValue, host as hostSchema } from '../values.ts'
import { adopt } from './adopt.ts'
import { write } from './chain.ts'
import { confirm, hasDisputed } from './confirm.ts'
import { beginEpoch, beginStore, isRestored } from './epoch.ts'
import { changed, damaged, noPool, noPools } from './errors.ts'
import {
  type Host,
  holdIn,
  holdingsOf,
  isOf,
  memoryOf,
  type Network,
  rememberAll,
  rememberStore,
  type Session,
} from './host.ts'
import { identify, isBehind } from './identity.ts'
import { partsOf } from './notes.ts'
import { leavePool } from './other-pool.ts'
import { settleNotes } from './settle.ts'
import { type Known, known } from './value.ts'

const ATTEMPTS = 10

/**
 * Enters the store, under the host's lock. What is at hand stays usable whatever the outcome, but for what turns out to be another's.
 * @param network the one to do something for: its pool is read. Without one, the keys of all that is held are looked at
 * @throws CniError of code 11 when another host has this host's name or identity; for a store in which no pool was created yet; StoreAway
 */
export function* enter(host: Host, network?: Network): Protocol<Session> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const seen = yield* look(host, network?.pool)
    if (!seen.epoch) {
      // Who creates a pool opens the store. One that has nothing although this host holds blocks of it was lost.
      if (!network || !holdsIn(host, network)) throw network ? noPool(network.pool) : noPools()
      yield* beginStore(host, true)
    } else if (yield* wasRestored(host, seen, seen.epoch)) yield* beginEpoch(host, seen.epoch)
    else return yield* enterEpoch(host, seen, seen.epoch, network)
  }
  throw changed('the epoch')
}

function holdsIn({ holdings }: Host, network: Network): boolean {
  return holdings.some((one) => isOf(one, network) && partsOf(one).length > 0)
}

interface Seen {
  revision: number
  epoch?: Known<Epoch> | undefined
  own?: Known<HostValue> | undefined
  pool?: Known<PoolDefinition> | undefined
}

function* look({ keys, name, report }: Host, pool: string | undefined): Protocol<Seen> {
  const names = [keys.epoch, keys.host(name), ...(pool === undefined ? [] : [keys.pool(pool)])]
  const { revision, found } = yield* transact({ when: [], do: names.map((from) => ({ range: { from } })) })
  const [epochEntry, ownEntry, poolEntry] = found.map(([entry]) => entry)
  const epoch = required(known(epochSchema, epochEntry, report), epochEntry)
  const own = required(known(hostSchema, ownEntry, report), ownEntry)
  return { revision, epoch, own, pool: known(poolDefinition, poolEntry, report) }
}

/** @throws CniError for a value that is none of ours where nothing is right without it */
function required<T>(value: Known<T> | undefined, entry: Entry | undefined): Known<T> | undefined {
  if (entry && !value) throw damaged(entry.key)
  return value
}

function* wasRestored(host: Host, { revision, own }: Seen, epoch: Known<Epoch>): Protocol<boolean> {
  const before = memoryOf(host.memory, epoch.value.store)
  if (before?.epoch === epoch.value.id) {
    if (revision < before.revision || isBehind(own, host.memory, before)) return true
  }
  return yield* isRestored(host, epoch)
}

function* enterEpoch(
  host: Host,
  { revision, own, pool }: Seen,
  epoch: Known<Epoch>,
  network: Network | undefined,
): Protocol<Session> {
  const session = sessionOf(host, epoch, own ?? { modified: 0, value: { counter: revision } }, network)
  if (pool) session.pool = pool
  const id = epoch.value.id
  const isConfirmed =
    memoryOf(session.memory, epoch.value.store)?.epoch === id &&
    own?.value.epoch === id &&
    session.holdings.every((one) => one.store === epoch.value.store)
  const isForgotten = network !== undefined && !host.memory.dataDirs.includes(network.dataDir)
  yield* identify(session, own, isConfirmed)
  if (network) yield* makeKnown(session, network)
  yield* settleNotes(session, isConfirmed)
  // What is in a directory that host.json did not know was not confirmed with the rest.
  if (!isConfirmed || !network || isForgotten || hasDisputed(session)) yield* confirm(session)
  yield* adoptAll(session, isConfirmed)
  if (!isConfirmed) {
    yield* rememberStore(session, { epoch: id, name: host.name })
    yield* write(session)
  }
  return session
}

/** @param own our key. Without one its counter begins at the store's revision: no earlier key of this host, which a backup may have, has more */
function sessionOf(
  host: Host,
  epoch: Known<Epoch>,
  own: { modified: number; value: Pick<HostValue, 'counter'> },
  network: Network | undefined,
): Session {
  const before = memoryOf(host.memory, epoch.value.store)
  const isHere = (one: Host['holdings'][number]) =>
    one.store === epoch.value.store || (network !== undefined && isOf(one, network))
  return {
    host,
    memory: host.memory,
    holdings: host.holdings.filter(isHere),
    epoch,
    own: { modified: own.modified, counter: Math.max(own.value.counter, before?.counter ?? 0) },
  }
}

/** The network's directory is found again when its file is lost; its pool's definition is the store's. */
function* makeKnown(session: Session, network: Network): Protocol<void> {
  const { memory, epoch, pool } = session
  if (!memory.dataDirs.includes(network.dataDir))
    yield* rememberAll(session, { ...memory, dataDirs: [...memory.dataDirs, network.dataDir] })
  if (!pool) return
  const { network: name, dataDir } = network
  const definition = pool.value
  const held = holdingsOf(session, network)
  const isOther = held !== undefined && held.pool !== network.pool
  if (isOther && !(yield* leavePool(session, held))) return
  const anew = {
    network: name,
    dataDir,
    id: memory.id,
    pool: network.pool,
    definition,
    store: epoch.value.store,
  }
  yield* holdIn(
    session,
    held && !isOther ? { ...held, definition } : { ...anew, incomplete: true, blocks: [], singles: [] },
  )
}

/** Takes over what the store says is this host's, for networks whose file was lost; after a restore for all. */
function* adoptAll(session: Session, isConfirmed: boolean): Protocol<void> {
  const some = session.holdings.filter(({ incomplete }) => incomplete || !isConfirmed)
  for (const pool of new Set(some.map((one) => one.pool))) yield* adopt(session, pool)
  for (const { incomplete, ...rest } of session.holdings) if (incomplete) yield* holdIn(session, rest)
}
