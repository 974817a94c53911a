/** The configuration of an ipvtap network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../../shared/config/config.ts'
import { nodeKeys } from '../../../shared/device-node/keys.ts'
import { ipvlanKeys, ipvlanRules } from '../keys.ts'

const shape = { ...ipvlanKeys, ...nodeKeys }

export type IpvtapConfig = Config<typeof shape>

export const config = network(shape, { rules: [...ipvlanRules] })
