/** The keys of a bridge network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { needs, notTogether, repeated } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  integer,
  linkName,
  list,
  type Output,
  object,
  oneOf,
  optional,
  orObject,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { masqueradeKeys } from '../../shared/host/keys.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'
import { trunkComplaint, vlanKeys, wantsVlans } from './vlans.ts'

const off = withDefault(boolean, false)

const uplink = object({
  name: describe(linkName, 'The NIC.'),
  ...vlanKeys('as the port has it; VLAN 1 on a new port'),
})

export type Uplink = Output<typeof uplink>

const shape = {
  bridge: describe(withDefault(linkName, 'cni0'), 'The bridge on the host; made if it does not exist.'),
  isGateway: describe(
    off,
    'Give the bridge an address in each subnet of the containers, and switch IP forwarding on.',
  ),
  isDefaultGateway: describe(
    off,
    'Like isGateway, and the containers get a default route through the bridge.',
  ),
  forceAddress: describe(off, 'Replace a conflicting address of the bridge; without it ADD is refused.'),
  ...masqueradeKeys,
  mtu: mtuOf('the veth pair, and of a bridge that is made'),
  hairpinMode: describe(
    off,
    'Allow frames to leave by the port they came in on, so that a container reaches itself through a service address.',
  ),
  promiscMode: describe(off, 'Set the bridge promiscuous. Not together with hairpinMode.'),
  ...vlanKeys('none'),
  preserveDefaultVlan: describe(
    off,
    'Keep VLAN 1 on the port, and on uplinks, where vlan or vlanTrunk is used.',
  ),
  macspoofchk: describe(off, "Drop frames whose source MAC address is not the container's."),
  enabledad: describe(off, 'The same as `"dad": "wait"`.'),
  dad: describe(
    optional(oneOf('off', 'wait')),
    'IPv6 duplicate address detection: not done (off), or ADD waits until it has ended (wait, 1 to 2 s). Default: off.',
  ),
  disableContainerInterface: describe(off, "Leave the container's end down. Not together with ipam."),
  portIsolation: describe(off, 'Ports of this network reach only ports that are not isolated.'),
  uplinks: describe(
    optional(list(orObject('an interface name, or an object with a name', linkName, uplink))),
    'Host NICs that become ports too, so that containers sit on the physical LAN: their names, or objects with VLANs.',
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
    wholeTrunks,
    oneEntryEach,
    forwardableGroups,
  ],
})

/** The uplinks; a name alone asks for no VLANs. */
export function uplinksOf({ uplinks = [] }: Pick<BridgeConfig, 'uplinks'>): Uplink[] {
  return uplinks.map((uplink) => (typeof uplink === 'string' ? { name: uplink, vlan: 0 } : uplink))
}

/** Whether the bridge must filter VLANs. */
export function filtersVlans(config: BridgeConfig): boolean {
  return [config, ...uplinksOf(config)].some(wantsVlans)
}

/** Whether the bridge gets addresses in the containers' subnets. */
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

function wholeTrunks(config: BridgeConfig): Complaint | undefined {
  const ofUplinks = uplinksOf(config).map((uplink, index) => trunkComplaint(uplink, `uplinks[${index}].`))
  return [trunkComplaint(config), ...ofUplinks].find((complaint) => complaint !== undefined)
}

/** A name that is twice without VLANs does no harm. */
function oneEntryEach(config: BridgeConfig): Complaint | undefined {
  const uplinks = uplinksOf(config)
  const name = uplinks.some(wantsVlans) ? repeated(uplinks.map((uplink) => uplink.name)) : undefined
  if (name === undefined) return undefined
  return {
    msg: `uplinks: ${name} is there twice: write one entry with all of its VLANs`,
    hint: `one entry has both: {"name": ${JSON.stringify(name)}, "vlan": 10, "vlanTrunk": [{"id": 20}]}`,
  }
}

/** BR_GROUPFWD_RESTRICTED, net/bridge/br_private.h: the kernel does not let a bridge forward STP, pause and LACP frames. */
function forwardableGroups({ groupForwardMask = 0 }: BridgeConfig): Complaint | undefined {
  if ((groupForwardMask & 7) === 0) return undefined
  return {
    msg: `groupForwardMask: bits 0 to 2 must be 0, found ${groupForwardMask}`,
    hint: 'the kernel never forwards these groups',
  }
}
