/** What a bond network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
import { notTogether } from '../../shared/cni/rules.ts'
import {
  boolean,
  describe,
  either,
  ifname,
  integer,
  ip,
  list,
  mac,
  oneOf,
  optional,
  pattern,
  withDefault,
} from '../../shared/cni/schema.ts'
import { possibleMtu } from '../../shared/link/keys.ts'
import { bondModes, bondWords } from '../../shared/netlink/bond.ts'
import { memberKeys, someMembers } from './member-keys.ts'
import { inTheirModes, monitored, primaryIsMember, soundTargets } from './rules.ts'

const u8 = { min: 0, max: 0xff }
const u16 = { min: 0, max: 0xffff }
const u31 = { min: 0, max: 0x7fffffff }
const number = (meaning: string, bounds = u31) => describe(optional(integer(bounds)), meaning)
const onOff = (meaning: string) => describe(optional(boolean), meaning)

/** What bond-cni takes as text or number, besides what reads better. */
const numerals = pattern('digits', /^\d{1,9}$/)

const shape = {
  bond: describe(
    optional(ifname),
    'Make the bond on the host, under this name, as the `master` of the plugins after this one. Default: in the container.',
  ),
  mode: describe(withDefault(oneOf(...bondModes), 'active-backup'), 'How the members share the traffic.'),
  ...memberKeys({
    queueId: number('The transmit queue that leads to this member. 0: none.', u16),
    priority: describe(
      optional(integer({ min: -0x80000000, max: 0x7fffffff })),
      'Who is taken after the primary: the highest (Linux 6.0).',
    ),
  }),
  miimon: describe(
    optional(either('milliseconds', integer(u31), numerals)),
    'How often members are asked for a carrier, in milliseconds. Default: 100, without arpInterval.',
  ),
  updelay: number('For how long a carrier must last to count, in milliseconds: a multiple of miimon.'),
  downdelay: number('How long it must be missing to count, in milliseconds: a multiple of miimon.'),
  useCarrier: onOff('Ask the driver for the carrier, and not the NIC by MII.'),
  arpInterval: number('Instead of miimon: how often targets are asked by ARP or ND, in milliseconds.'),
  arpIpTargets: describe(
    optional(list(ip)),
    'IPv4 addresses that answer as long as a member works, at most 16.',
  ),
  nsIp6Targets: describe(optional(list(ip)), 'The same in IPv6 (Linux 5.18).'),
  arpValidate: describe(
    optional(oneOf(...bondWords.arpValidate)),
    'Of which members answers are checked, and whether other frames count.',
  ),
  arpAllTargets: describe(optional(oneOf(...bondWords.arpAllTargets)), 'Whether any target suffices.'),
  arpMissedMax: number('How many intervals may pass without an answer (Linux 5.17).', { min: 1, max: 255 }),
  primary: describe(optional(ifname), 'The member that is used whenever it works.'),
  primaryReselect: describe(
    optional(oneOf(...bondWords.primaryReselect)),
    'When the primary is taken back: always, if it is better, or only on failure of the other.',
  ),
  failOverMac: describe(
    optional(
      either('"none", "active" or "follow"', oneOf(...bondWords.failOverMac), integer({ min: 0, max: 2 })),
    ),
    'Whose MAC address the bond has: one for all (none), the active member’s, or one that follows the active member.',
  ),
  xmitHashPolicy: describe(
    optional(oneOf(...bondWords.xmitHashPolicy)),
    'What of a packet chooses the member that it leaves by.',
  ),
  lacpRate: describe(optional(oneOf(...bondWords.lacpRate)), 'How often the switch is asked for LACPDUs.'),
  lacpActive: onOff('Send LACPDUs unasked (Linux 5.15).'),
  coupledControl: onOff('Collect and distribute by one state, as IEEE 802.1AX has it for most (Linux 6.9).'),
  adSelect: describe(optional(oneOf(...bondWords.adSelect)), 'Which aggregator of several is used.'),
  adActorSysPrio: number("The bond's priority as an LACP system.", { min: 1, max: 0xffff }),
  adActorSystem: describe(optional(mac), "The bond's MAC address as an LACP system."),
  adUserPortKey: number("The upper bits of the ports' LACP keys.", { min: 0, max: 1023 }),
  minLinks: number('How many members must work for the bond to have a carrier.'),
  tlbDynamicLb: onOff('Move flows to where there is less load, and not by xmitHashPolicy.'),
  lpInterval: number('How often switches are reminded of MAC addresses, in seconds.', { ...u31, min: 1 }),
  packetsPerSlave: number('How many packets leave by a member before the next one; 0: at random.', u16),
  allSlavesActive: describe(
    optional(either('true or false', boolean, integer({ min: 0, max: 1 }))),
    'Take what inactive members receive, too.',
  ),
  resendIgmp: number('How often multicast memberships are told after a failover.', u8),
  numPeerNotif: number('How often the addresses are announced after a failover.', u8),
  peerNotifyDelay: number('The time between such announcements, in milliseconds: a multiple of miimon.'),
}

export type BondConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    someMembers,
    notTogether('bond', 'linksInContainer', "a bond of the host is made of the host's interfaces"),
    notTogether('bond', 'ipam', 'the addresses are those of the plugin that sits on the bond'),
    inTheirModes,
    ...monitored,
    soundTargets,
    primaryIsMember,
    possibleMtu,
  ],
})
