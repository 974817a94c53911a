/** The keys that ipvlan (packets for the container's network stack) and ipvtap (packets for a program) have in common. */

import type { Request } from '../../shared/cni/plugin.ts'
import type { Config } from '../../shared/config/config.ts'
import { describe, oneOf, withDefault } from '../../shared/config/schema.ts'
import { CniError, Code, type Complaint } from '../../shared/error/error.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'
import { parentKeys } from '../../shared/link/parent.ts'
import { previousLease } from './chain.ts'

export const ipvlanKeys = {
  ...parentKeys,
  mode: describe(
    withDefault(oneOf('l2', 'l3', 'l3s'), 'l2'),
    'How the parent works: as a switch (l2), as a router (l3), or as a router that passes received packets through netfilter of the host (l3s). The same for all containers of a parent.',
  ),
  flag: describe(
    withDefault(oneOf('bridge', 'private', 'vepa'), 'bridge'),
    'How containers of a parent reach each other: directly (bridge), not at all (private), or through the external switch (vepa). The same for all containers of a parent.',
  ),
  mtu: mtuOf("the interface, at most the parent's"),
}

export type IpvlanConfig = Config<typeof ipvlanKeys>

/** The rules for these keys. */
export const ipvlanRules = [possibleMtu, refuseDhcpInL3]

/** Whether the mode is an L3 mode, which has no neighbours, broadcasts or gateways. */
export function isRouted({ mode }: Pick<IpvlanConfig, 'mode'>): boolean {
  return mode !== 'l2'
}

function refuseDhcpInL3({ mode, ipam }: IpvlanConfig): Complaint | undefined {
  if (mode === 'l2' || ipam?.type !== 'dhcp') return undefined
  return {
    msg: `ipam.type "dhcp" does not work in mode ${mode}: DHCP needs broadcasts, which the mode does not pass`,
    hint: 'use "mode": "l2", or another IPAM plugin',
  }
}

/** All modes deliver by IP address. In mode l2 a program in the container may add addresses later. @throws CniError */
export function requireAddresses(request: Request<IpvlanConfig>): void {
  const { config } = request
  if (!isRouted(config) || config.ipam?.type || previousLease(request)) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `ipam is not set: mode ${config.mode} needs it, because it routes by address`,
    hint: 'set ipam, for example {"type": "host-local", "subnet": "10.88.0.0/16"}; "mode": "l2" works without',
  })
}
