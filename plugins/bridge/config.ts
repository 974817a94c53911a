/** What a bridge network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { needs, notTogether } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  ifname,
  integer,
  list,
  type Output,
  object,
  oneOf,
  optional,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { masqueradeKeys } from '../../shared/host/keys.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'

const vlanID = integer({ min: 1, max: 4094 })
const off = withDefault(boolean, false)

const vlanRange = object({
  id: describe(optional(vlanID), 'A single VLAN.'),
  minID: describe(optional(vlanID), 'First VLAN of a range.'),
  maxID: describe(optional(vlanID), 'Last VLAN of a range.'),
})

export type VlanRange = Output<typeof vlanRange>

const shape = {
  bridge: describe(withDefault(ifname, 'cni0'), 'The bridge on the host; made if there is none.'),
  isGateway: describe(off, 'Give the bridge an address in each subnet of the containers, and forward.'),
  isDefaultGateway: describe(off, 'As isGateway, and the containers get a default route through it.'),
  forceAddress: describe(off, 'Replace an address of the bridge that is in the way, instead of refusing.'),
  ...masqueradeKeys,
  mtu: mtuOf('the veth pair, and of a bridge that is made'),
  hairpinMode: describe(
    off,
    'Let frames leave by the port they came in on: a container reaches itself through a service address.',
  ),
  promiscMode: describe(off, 'Set the bridge promiscuous. Not together with hairpinMode.'),
  vlan: describe(
    withDefault(integer({ min: 0, max: 4094 }), 0),
    'The VLAN of untagged frames on the port. 0: none.',
  ),
  vlanTrunk: describe(
    optional(list(vlanRange)),
    'VLANs that pass tagged: each entry an `id`, or `minID` and `maxID`.',
  ),
  preserveDefaultVlan: describe(off, 'Keep VLAN 1 on the port when vlan or vlanTrunk is used.'),
  macspoofchk: describe(off, "Drop frames whose source MAC address is not the container's."),
  enabledad: describe(off, 'The same as `"dad": "wait"`.'),
  dad: describe(
    optional(oneOf('off', 'wait')),
    'IPv6 duplicate address detection: left out, or waited for (1 to 2 s). Default: off.',
  ),
  disableContainerInterface: describe(off, "Leave the container's end down. No IPAM then."),
  portIsolation: describe(off, 'Ports of this network reach only ports that are not isolated.'),
  uplinks: describe(
    optional(list(ifname)),
    'Host NICs that become ports too, so that containers sit on the physical LAN.',
  ),
  moveAddresses: describe(
    off,
    'Move the addresses and routes of an uplink to the bridge. Without it an uplink with addresses is refused.',
  ),
  stp: describe(optional(boolean), 'Spanning tree on the bridge.'),
  ageingTime: describe(
    optional(integer({ min: 0, max: 1_000_000 })),
    'Seconds the bridge remembers a MAC address.',
  ),
  multicastSnooping: describe(optional(boolean), 'Send multicast only to the ports that asked for it.'),
  groupForwardMask: describe(
    optional(integer({ min: 0, max: 65535 })),
    'Which link-local groups 01:80:c2:00:00:0X are forwarded, one bit each; bits 0 to 2 must be 0.',
  ),
  txQueueLen,
}

export type BridgeConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    notTogether(
      'hairpinMode',
      'promiscMode',
      'cannot set hairpin mode and promiscuous mode at the same time',
    ),
    notTogether('enabledad', 'dad'),
    needs('moveAddresses', 'uplinks'),
    noIpamWhenBare,
    possibleMtu,
    wholeTrunk,
    forwardableGroups,
  ],
})

/** Whether ports of this network are told apart by VLAN. */
export function wantsVlans({ vlan, vlanTrunk }: BridgeConfig): boolean {
  return vlan !== 0 || vlanTrunk !== undefined
}

/** Whether the bridge is to have an address in the containers' subnets. */
export function isGateway(config: BridgeConfig): boolean {
  return config.isGateway || config.isDefaultGateway
}

function noIpamWhenBare({ disableContainerInterface, ipam }: BridgeConfig): Complaint | undefined {
  if (!disableContainerInterface || !ipam?.type) return undefined
  return {
    msg: 'cannot use IPAM when DisableContainerInterface flag is set: ipam.type',
    hint: 'take ipam out, or disableContainerInterface',
  }
}

function wholeTrunk({ vlanTrunk }: BridgeConfig): Complaint | undefined {
  const index = (vlanTrunk ?? []).findIndex((range) => trunkFault(range))
  const range = vlanTrunk?.[index]
  return (
    range && {
      msg: `vlanTrunk[${index}]: ${trunkFault(range)}`,
      hint: 'allowed are {"id": 100}, or {"minID": 100, "maxID": 200}',
    }
  )
}

function trunkFault({ id, minID, maxID }: VlanRange): string | undefined {
  if (id !== undefined)
    return minID === undefined && maxID === undefined ? undefined : 'an id cannot go with minID or maxID'
  if (minID === undefined && maxID === undefined) return 'neither an id nor a range'
  if (maxID === undefined) return 'minID has no maxID: a range without an end'
  if (minID === undefined) return 'maxID has no minID: a range without a beginning'
  return minID > maxID ? `minID ${minID} is greater than maxID ${maxID}` : undefined
}

/** BR_GROUPFWD_RESTRICTED, net/bridge/br_private.h: STP, pause and LACP frames never pass a bridge. */
function forwardableGroups({ groupForwardMask = 0 }: BridgeConfig): Complaint | undefined {
  if ((groupForwardMask & 7) === 0) return undefined
  return {
    msg: `groupForwardMask: bits 0 to 2 must be 0, found ${groupForwardMask}`,
    hint: 'the kernel never forwards these groups',
  }
}
