/** The configuration of a dummy network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'

const shape = { mtu: mtuOf('the interface') }

export type DummyConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleMtu] })
