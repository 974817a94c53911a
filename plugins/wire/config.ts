/** The keys of a wire network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { describe, optional } from '../../shared/config/schema.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'
import { wireName } from '../../shared/pair/wire-name.ts'

const shape = {
  wire: describe(
    optional(wireName),
    "The wire's name: the two containers of this network with the same wire are connected. Default: the network's name.",
  ),
  mtu: mtuOf('both ends'),
  txQueueLen,
}

export type WireConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleMtu] })
