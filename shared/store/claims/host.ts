/** What protocols know of this host: what they are given at the start, and what they learn of the store. */

import type { Keys } from '../keys.ts'
import type { Holdings, HostMemory, StoreMemory } from '../memory.ts'
import type { PoolDefinition } from '../pool.ts'
import { hold, type Protocol, remember } from '../protocol.ts'
import type { Epoch } from '../values.ts'
import type { Known } from './value.ts'

/** Given to a protocol: it reads no clock and no random numbers itself. */
export interface Host {
  keys: Keys
  /** This host's name in the store. */
  name: string
  memory: HostMemory
  /** Of all networks of this host. */
  holdings: readonly Holdings[]
  /** The time, for people. */
  now: string
  version: string
  /** A new random UUID. */
  fresh(): string
  /** Tells the operator of a value that is no good. */
  report(message: string): void
}

/** A network of this host that uses a pool. */
export interface Network {
  network: string
  dataDir: string
  pool: string
}

/** What is known of the store while a protocol runs. Each step that changes a file changes it here, too. */
export interface Session {
  readonly host: Host
  memory: HostMemory
  holdings: readonly Holdings[]
  epoch: Known<Epoch>
  /** Our key of hosts/: its revision, 0 while there is none, and how often it was written. */
  own: { modified: number; counter: number }
  pool?: Known<PoolDefinition>
}

/** What this host remembers of the store; undefined when it was never there. */
export function memoryOf(memory: HostMemory, store: string): StoreMemory | undefined {
  return memory.stores.find((one) => one.store === store)
}

/** Whether a key with this host's ID has a name of this host: its own, or that from before it was renamed. Else a copy of this host has written it. */
export function isOwnName({ host, memory, epoch }: Session, name: string): boolean {
  return name === host.name || name === memoryOf(memory, epoch.value.store)?.name
}

/** Changes what is remembered of the session's store. Nothing is written where nothing changes. */
export function* rememberStore(session: Session, change: Partial<StoreMemory>): Protocol<void> {
  const { memory, epoch } = session
  const { store } = epoch.value
  const before = memoryOf(memory, store) ?? { store, revision: 0, counter: 0, nonce: '' }
  const others = memory.stores.filter((one) => one.store !== store)
  yield* rememberAll(session, { ...memory, stores: [...others, { ...before, ...change }] })
}

/** Replaces what this host remembers. */
export function* rememberAll(session: Session, memory: HostMemory): Protocol<void> {
  if (JSON.stringify(memory) === JSON.stringify(session.memory)) return
  yield* remember(memory)
  session.memory = memory
}

/** Replaces what a network holds. */
export function* holdIn(session: Session, changed: Holdings): Protocol<void> {
  const before = session.holdings.find((one) => isOf(one, changed))
  if (JSON.stringify(before) !== JSON.stringify(changed)) yield* hold(changed)
  noteIn(session, changed)
}

/** The same for a file that was written already. */
export function noteIn(session: Session, changed: Holdings): void {
  session.holdings = [...session.holdings.filter((one) => !isOf(one, changed)), changed]
}

export function isOf(
  one: Pick<Holdings, 'network' | 'dataDir'>,
  other: Pick<Holdings, 'network' | 'dataDir'>,
) {
  return one.network === other.network && one.dataDir === other.dataDir
}

/** What a network holds; undefined without a file. */
export function holdingsOf(
  session: Session,
  network: Pick<Network, 'network' | 'dataDir'>,
): Holdings | undefined {
  return session.holdings.find((one) => isOf(one, network))
}
