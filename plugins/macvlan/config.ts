/** The configuration of a macvlan network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { notTogether, onlyIn } from '../../shared/config/rules.ts'
import { hostAccessKeys, hostAccessNeedsIpam } from '../../shared/host/keys.ts'
import { macvlanKeys, macvlanRules } from './keys.ts'

const shape = { ...macvlanKeys, ...hostAccessKeys }

export type MacvlanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    ...macvlanRules,
    onlyIn('hostAccess', { mode: 'bridge' }),
    notTogether('hostAccess', 'linkInContainer', 'the host cannot use a parent inside a container'),
    hostAccessNeedsIpam,
  ],
})
