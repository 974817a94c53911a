/** What a verb of the operator does with a store: connects, runs protocols, and closes. */

import { connect } from '#store'
import { CniError, Code } from '../../shared/error/error.ts'
import { readValueIfAny } from '../../shared/kernel/files.ts'
import { type Connection, type Disk, perform } from '../../shared/store/connection.ts'
import { type Keys, keysBelow } from '../../shared/store/keys.ts'
import { type Protocol, StoreAway } from '../../shared/store/protocol.ts'
import type { Call } from '../form/verb.ts'
import { storeOf } from './which-store.ts'

/** A connection with a store, for one call. */
export interface Session {
  keys: Keys
  /** This host's name in the store. */
  host: string
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
  const connection = await connect(config)
  try {
    return await use(sessionOf(connection, config))
  } finally {
    connection.close()
  }
}

/** @param config what of it counts: the prefix, the name of this host, and endpoints for errors */
export function sessionOf(
  connection: Connection,
  { prefix, host, endpoints }: { prefix: string; host?: string | undefined; endpoints: readonly string[] },
): Session {
  return {
    keys: keysBelow(prefix),
    host: host ?? readValueIfAny('/proc/sys/kernel/hostname') ?? 'localhost',
    run: async (protocol) => {
      try {
        return await perform(connection, noDisk, protocol)
      } catch (error) {
        throw error instanceof StoreAway ? away(error, endpoints) : error
      }
    },
  }
}

/** These protocols are about all hosts: none writes what this one remembers. */
const noDisk: Disk = () => {
  throw new CniError(Code.Internal, { msg: "a verb of the operator does not write this host's files" })
}

function away({ message }: StoreAway, endpoints: readonly string[]): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `etcd does not answer: ${message}`,
    hint: 'containers go on, and so do ADDs while their blocks last; look whether etcd runs, and whether this host reaches it',
    see: `etcdctl --endpoints ${endpoints.join(',')} endpoint health`,
  })
}
