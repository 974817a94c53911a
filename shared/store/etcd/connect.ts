/** Makes a connection from the configuration. */

import { randomInt } from 'node:crypto'
import type { StoreConfig } from '../config.ts'
import type { Connection } from '../connection.ts'
import { connection } from './connection.ts'
import { filesOf, requireUsable } from './credentials.ts'

/** Hosts begin with different members. @throws CniError for files of certificates that cannot be used */
export async function connectTo(config: StoreConfig): Promise<Connection> {
  requireUsable(filesOf(config))
  return connection(config, randomInt(config.endpoints.length))
}
