/** The configuration of a dummy network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'

const shape = { mtu: mtuOf('the interface') }

export type DummyConfig = Config<typeof shape>

export const config = network(shape, { rules: [noDhcp, possibleMtu] })

function noDhcp({ ipam }: DummyConfig): Complaint | undefined {
  if (ipam?.type !== 'dhcp') return undefined
  return {
    msg: 'ipam.type "dhcp" does not work with dummy: the interface drops all frames, so no DHCP server can be asked',
    hint: 'use another IPAM plugin; for addresses of the LAN take "type": "macvlan", "ipvlan" or "bridge" with uplinks',
  }
}
