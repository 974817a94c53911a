/** Keys of the `ipam` section of type static. The descriptions become the README's table and the JSON Schema. */

import { common } from '../../config/common.ts'
import { type Config, network } from '../../config/config.ts'
import { cidr, describe, ip, list, object, optional, pluginName } from '../../config/schema.ts'
import { addressRequests, probe, route } from '../schema.ts'

const address = object({
  address: describe(cidr, 'Address with the prefix length of its subnet.'),
  gateway: describe(optional(ip), 'Gateway of the subnet.'),
})

const shape = {
  ...addressRequests,
  ipam: object({
    type: describe(optional(pluginName), '`static`.'),
    addresses: describe(optional(list(address)), 'The addresses that the container gets.'),
    routes: describe(optional(list(route)), 'Routes for the container.'),
    probe,
    dns: common.dns,
  }),
}

export type StaticConfig = Config<typeof shape>

export const config = network(shape, { delegate: true })
