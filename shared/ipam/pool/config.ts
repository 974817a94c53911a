/** Keys of the `ipam` section of type pool. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../config/config.ts'
import { describe, object, optional, pluginName } from '../../config/schema.ts'
import { store } from '../../store/config.ts'
import { poolName } from '../../store/words.ts'
import { reservationKeys } from '../host-local/keys.ts'
import { addressRequests } from '../schema.ts'

const shape = {
  ...addressRequests,
  ipam: object({
    type: describe(optional(pluginName), '`pool`.'),
    pool: describe(poolName, "The pool's name: `patchbay pool ls` lists all."),
    store: describe(
      optional(store),
      'Where etcd is. Default: the file `/etc/patchbay/store.json`, which has the same keys.',
    ),
    ...reservationKeys,
  }),
}

export type PoolConfig = Config<typeof shape>

export const config = network(shape, { delegate: true })
