/** Makes a connection from the configuration. */

import { randomInt } from 'node:crypto'
import { credentials } from '@grpc/grpc-js'
import type { StoreConfig } from '../config.ts'
import type { Connection } from '../connection.ts'
import { connection } from './connection.ts'

/** @throws CniError for files of certificates that cannot be used */
export async function connectTo(config: StoreConfig): Promise<Connection> {
  return connection(config, credentials.createInsecure(), randomInt(config.endpoints.length))
}
