/** Where the client of etcd is: `#store` is etcd.ts on the Node engine and this on QuickJS, which has no TLS and runs the Node executable instead. */

import type { StoreConfig } from './config.ts'
import type { Connection } from './connection.ts'

/** Connects to etcd. @throws CniError for files that are missing or open to others; an etcd that is away is found by the first request */
export type Connect = (config: StoreConfig) => Promise<Connection>

/** Undefined: this engine cannot. */
export const connect: Connect | undefined = undefined
