/** What a network of ipvlans may say, whether their frames go to the container's stack (ipvlan) or to a file (ipvtap). */

import type { Config } from '../../shared/cni/config.ts'
import { CniError, Code, type Complaint } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { describe, oneOf, withDefault } from '../../shared/cni/schema.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'
import { parentKeys } from '../../shared/link/parent.ts'
import { given } from './chain.ts'

export const ipvlanKeys = {
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
}

export type IpvlanConfig = Config<typeof ipvlanKeys>

/** The rules that go with the keys. */
export const ipvlanRules = [possibleMtu, noBroadcastForDhcp]

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

/** The L3 modes deliver by address. In L2, too, but there containers may give themselves some. */
export function needAddresses(request: Request<IpvlanConfig>): void {
  const { config } = request
  if (!isRouted(config) || config.ipam?.type || given(request)) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `ipam is not set: mode ${config.mode} routes between addresses, so there must be some`,
    hint: 'set ipam, for example {"type": "host-local", "subnet": "10.88.0.0/16"}; "mode": "l2" goes without',
  })
}
