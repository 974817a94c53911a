/** The configuration of an ipvlan network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { notTogether, onlyIn } from '../../shared/config/rules.ts'
import { hostAccessKeys, hostAccessNeedsIpam } from '../../shared/host/keys.ts'
import { ipvlanKeys, ipvlanRules } from './keys.ts'

const shape = { ...ipvlanKeys, ...hostAccessKeys }

export type IpvlanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    ...ipvlanRules,
    onlyIn('hostAccess', { flag: 'bridge' }),
    notTogether('hostAccess', 'linkInContainer', 'the host cannot use a parent inside a container'),
    hostAccessNeedsIpam,
  ],
})
