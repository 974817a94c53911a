/** What an ipvlan network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
import type { Complaint } from '../../shared/cni/error.ts'
import { notTogether, onlyIn } from '../../shared/cni/rules.ts'
import { describe, oneOf, withDefault } from '../../shared/cni/schema.ts'
import { hostAccessKeys, hostAccessNeedsIpam, mtuOf, possibleMtu } from '../../shared/device/keys.ts'
import { parentKeys } from '../../shared/device/parent.ts'

const shape = {
  ...parentKeys,
  mode: describe(
    withDefault(oneOf('l2', 'l3', 'l3s'), 'l2'),
    "As a switch, as a router, or as a router whose host's netfilter sees what arrives. The same for all on a parent.",
  ),
  flag: describe(
    withDefault(oneOf('bridge', 'private', 'vepa'), 'bridge'),
    'Containers of a parent reach each other: directly, not at all, or by way of the switch outside. The same for all on a parent.',
  ),
  mtu: mtuOf("the interface, at most the parent's"),
  ...hostAccessKeys,
}

export type IpvlanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    possibleMtu,
    onlyIn('hostAccess', { flag: 'bridge' }),
    notTogether('hostAccess', 'linkInContainer', "the host cannot sit on a container's device"),
    hostAccessNeedsIpam,
    noBroadcastForDhcp,
  ],
})

/** Whether it routes: no neighbours, no broadcasts, no gateways. */
export function isRouted({ mode }: Pick<IpvlanConfig, 'mode'>): boolean {
  return mode !== 'l2'
}

function noBroadcastForDhcp({ mode, ipam }: IpvlanConfig): Complaint | undefined {
  if (mode === 'l2' || ipam?.type !== 'dhcp') return undefined
  return {
    msg: `ipam.type "dhcp" cannot work in mode ${mode}: DHCP broadcasts, and the mode passes no broadcasts`,
    hint: 'take "mode": "l2", or another IPAM plugin',
  }
}
