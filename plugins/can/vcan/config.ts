/** The configuration of a vcan network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../../shared/config/config.ts'
import { canMtuOf, canRules } from '../can.ts'

const shape = { mtu: canMtuOf('the interface') }

export type VcanConfig = Config<typeof shape>

export const config = network(shape, { rules: canRules })
