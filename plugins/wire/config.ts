/** What a wire network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
import { isIdentifier } from '../../shared/cni/names.ts'
import { describe, optional, text } from '../../shared/cni/schema.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'

const wireName = text(
  'a name of letters, digits, "_", "." and "-" that begins with a letter or digit',
  isIdentifier,
  { title: 'name', pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$' },
)

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
