/** What a ptp network may say. The descriptions become the README's table and the JSON Schema. */

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

export const config = network(shape, { rules: [needsIpam, nobodyToProbe, possibleMtu] })

/** Routes are all that there is to a routed link. */
function needsIpam({ ipam }: PtpConfig): Complaint | undefined {
  if (ipam?.type) return undefined
  return {
    msg: 'ipam is not set: ptp routes between addresses, so there must be some',
    hint: 'set ipam, for example {"type": "host-local", "subnet": "10.88.0.0/16"}; for a network without addresses take "type": "bridge"',
  }
}

/** The link has the host at its other end, whose routes tell of addresses that are taken. */
function nobodyToProbe({ ipam }: PtpConfig): Complaint | undefined {
  if (ipam?.probe !== true) return undefined
  return {
    msg: 'ipam.probe: there is nobody to ask on a link that the container shares with the host alone',
    hint: 'leave probe out: ptp refuses an address that the host has a route to anyway',
  }
}
