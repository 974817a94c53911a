/** The keys of a ptp network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { masqueradeKeys } from '../../shared/host/keys.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'

const shape = {
  ...masqueradeKeys,
  mtu: mtuOf('the veth pair'),
  txQueueLen,
}

export type PtpConfig = Config<typeof shape>

export const config = network(shape, { rules: [needsIpam, noDhcp, noProbe, possibleMtu] })

/** A routed link without addresses has no routes, and so no use. */
function needsIpam({ ipam }: PtpConfig): Complaint | undefined {
  if (ipam?.type) return undefined
  return {
    msg: 'ipam is not set: ptp needs it, because it routes between addresses',
    hint: 'set ipam, for example {"type": "host-local", "subnet": "10.88.0.0/16"}; for a network without addresses take "type": "bridge"',
  }
}

function noDhcp({ ipam }: PtpConfig): Complaint | undefined {
  if (ipam?.type !== 'dhcp') return undefined
  return {
    msg: 'ipam.type "dhcp" does not work with ptp: the other end of the link is this host, which has no DHCP server there',
    hint: 'for addresses of the LAN take "type": "bridge" with uplinks, "macvlan" or "ipvlan"; for a link with the host another IPAM plugin',
  }
}

/** The only other machine on the link is the host, and its routes show which addresses are in use. */
function noProbe({ ipam }: PtpConfig): Complaint | undefined {
  if (ipam?.probe !== true) return undefined
  return {
    msg: 'ipam.probe cannot be used with ptp: take it out; the link has no machines but the container and the host',
    hint: 'take probe out: without it ptp also refuses an address that the host has a route to',
  }
}
