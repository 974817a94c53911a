/** The configuration of a macvtap network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../../shared/config/config.ts'
import { nodeKeys } from '../../../shared/device-node/keys.ts'
import { macvlanKeys, macvlanRules } from '../keys.ts'

const shape = { ...macvlanKeys, ...nodeKeys }

export type MacvtapConfig = Config<typeof shape>

export const config = network(shape, { rules: [...macvlanRules] })
