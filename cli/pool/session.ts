/** What a verb of the operator does with a store: connects, runs protocols, and closes. */

import { connect } from '#store'
import { CniError, Code } from '../../shared/error/error.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import { readFile } from '../../shared/kernel/files.ts'
import type { Operator } from '../../shared/store/claims/pools.ts'
import { type Connection, type Disk, perform } from '../../shared/store/connection.ts'
import { type Keys, keysBelow } from '../../shared/store/keys.ts'
import { type Protocol, StoreAway } from '../../shared/store/protocol.ts'
import type { StoreSettings } from '../../shared/store/settings.ts'
import { isoTime } from '../form/age.ts'
import type { Call } from '../form/verb.ts'
import { storeOf } from './which-store.ts'

/** A connection with a store, for one call. */
export interface Session {
  keys: Keys
  /** This host's name in the store. */
  host: string
  /** What the protocols of operators are given. */
  operator: Operator
  /** @throws CniError also when no member of etcd answers */
  run<T>(protocol: Protocol<T>): Promise<T>
}

/** Opens the store that the call means, and closes it in any case. */
export async function inStore<T>(
  call: Pick<Call, 'flags' | 'complain' | 'progress'>,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const config = storeOf(call)
  if (!connect) throw new CniError(Code.Internal, { msg: 'this executable has no client of etcd' })
  call.progress(`asks ${config.endpoints.join(', ')}`)
  const connection = await connect(config).catch(unreadable)
  try {
    return await use(sessionOf(connection, config, (msg) => call.complain('store', { msg })))
  } finally {
    connection.close()
  }
}

/** Files of keys are root's alone. */
function unreadable(error: unknown): never {
  if (!(error instanceof CniError) || !/\bE(ACCES|PERM)\b/.test(error.message)) throw error
  const hint = 'only root can read the files of keys: run it as root'
  throw new CniError(error.code, { ...error.complaint, hint })
}

/** @param config what of it counts: the prefix, the name of this host, and endpoints for errors */
export function sessionOf(
  connection: Connection,
  { prefix, host, endpoints }: Pick<StoreSettings, 'prefix' | 'host' | 'endpoints'>,
  report: (message: string) => void = () => {},
): Session {
  const keys = keysBelow(prefix)
  return {
    keys,
    operator: { keys, fresh, now: isoTime(wallClock()), report },
    host,
    run: async (protocol) => {
      try {
        return await perform(connection, noDisk, protocol)
      } catch (error) {
        throw error instanceof StoreAway ? away(error, endpoints) : error
      }
    },
  }
}

/** A random UUID (random(4)). */
const fresh = () => readFile('/proc/sys/kernel/random/uuid').trim()

/** These protocols are about all hosts: none writes what this one remembers. */
const noDisk: Disk = () => {
  throw new CniError(Code.Internal, { msg: "a verb of the operator does not write this host's files" })
}

/** etcd does not answer, in words for an operator. */
export function away({ message }: StoreAway, endpoints: readonly string[]): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `etcd does not answer: ${message}`,
    hint: 'containers go on, and so do ADDs while their blocks last; look whether etcd runs, and whether this host reaches it',
    see: `etcdctl --endpoints ${endpoints.join(',')} endpoint health`,
  })
}
