/** The configuration of a vxcan network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../../shared/config/config.ts'
import { notTogether } from '../../../shared/config/rules.ts'
import { describe, ifname, lazy, optional } from '../../../shared/config/schema.ts'
import { txQueueLen } from '../../../shared/link/keys.ts'
import { wireName } from '../../../shared/pair/wire-name.ts'
import { canMtuOf, canRules } from '../can.ts'
import { gateway, possibleGateway } from './gateway-keys.ts'
import { deliveringOnce } from './overlap.ts'

const shape = {
  wire: describe(
    optional(wireName),
    'Connects two containers: the two of this network that name the same wire. Without it, the other end is on the host.',
  ),
  hostIfname: describe(
    optional(ifname),
    "Name of the host's end. Only for networks of one container. Default: derived from the attachment.",
  ),
  mtu: canMtuOf('both ends'),
  txQueueLen,
  gateway: describe(
    optional(lazy(() => gateway)),
    'Rules of can-gw, which forward frames between a CAN device of the host and the container.',
  ),
}

export type VxcanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    ...canRules,
    notTogether('wire', 'hostIfname', 'a wire has no end on the host'),
    notTogether('wire', 'gateway', 'a wire has no end on the host'),
    possibleGateway,
    deliveringOnce,
  ],
})
