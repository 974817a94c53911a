/** What a wire network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { describe, optional } from '../../shared/config/schema.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'
import { wireName } from '../../shared/pair/wire-name.ts'

const shape = {
  wire: describe(
    optional(wireName),
    "The wire's name: of the containers of this network, the two that name the same wire are joined. Default: the network's name.",
  ),
  mtu: mtuOf('both ends'),
  txQueueLen,
}

export type WireConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleMtu] })
