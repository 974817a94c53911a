/** A connection with the store, which `#store` makes: only the Node engine can. */

import type { CniError } from '../error/error.ts'
import type {
  Answer,
  DiskAnswer,
  DiskStep,
  Entry,
  Protocol,
  Range,
  RangeAnswer,
  StatusAnswer,
  Step,
  TransactAnswer,
} from './protocol.ts'

export type StoreStep = Extract<Step, { kind: 'status' | 'range' | 'transact' }>

/** A change of a key: its new entry, or only its name when it was removed. */
export interface Changed {
  key: string
  entry?: Entry
}

export interface Connection {
  /** @throws StoreAway when no member answers in time; CniError when etcd refuses (authentication, quota, …) */
  ask(step: StoreStep): Promise<StatusAnswer | RangeAnswer | TransactAnswer>
  /**
   * Follows a range of keys: first `whole` with all its entries, then `changed` with each batch, in order. When changes are lost (compaction,
   * a restored etcd, a long absence of all members), `whole` is called again. Goes on until `close`.
   */
  follow(range: Required<Pick<Range, 'from' | 'to'>>, follower: Follower): { close(): void }
  close(): void
}

export interface Follower {
  whole(answer: RangeAnswer): void
  /** An empty batch tells that the store answers: after `away`, and every few minutes. */
  changed(changes: Changed[], revision: number): void
  /** No member answers. */
  away?(reason: string): void
  /** A member refuses: this host may not read the range, or a value of it is longer than etcd's own bound. It is tried again. */
  refused?(refusal: CniError): void
}

/** Changes this host's files for a protocol. @throws CniError or KernelError */
export type Disk = (step: DiskStep) => DiskAnswer

/** Runs a protocol to its end. A step that fails throws in the protocol. @throws what the protocol throws */
export async function perform<T>(connection: Connection, disk: Disk, protocol: Protocol<T>): Promise<T> {
  let next = protocol.next()
  while (!next.done) {
    try {
      const answer = await done(connection, disk, next.value)
      next = protocol.next(answer)
    } catch (error) {
      next = protocol.throw(error)
    }
  }
  return next.value
}

async function done(connection: Connection, disk: Disk, step: Step): Promise<Answer> {
  if (step.kind === 'status' || step.kind === 'range' || step.kind === 'transact') return connection.ask(step)
  return disk(step)
}
