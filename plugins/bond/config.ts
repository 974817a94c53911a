/** The configuration of a bond network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { notTogether } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  either,
  ifname,
  integer,
  ip,
  linkName,
  list,
  mac,
  oneOf,
  optional,
  pattern,
  withDefault,
} from '../../shared/config/schema.ts'
import { possibleMtu } from '../../shared/link/keys.ts'
import { bondModes, bondWords } from '../../shared/netlink/bond.ts'
import { memberKeys, requireMembersOnce } from './member-keys.ts'
import { allowedInMode, monitored, possibleTargets, primaryIsMember } from './rules.ts'

const u8 = { min: 0, max: 0xff }
const u16 = { min: 0, max: 0xffff }
/** A bond has 16 transmit queues (BOND_DEFAULT_TX_QUEUES, include/net/bonding.h), numbered from 1 here. */
const queue = { min: 0, max: 16 }
/** IFLA_BOND_PEER_NOTIF_DELAY, drivers/net/bonding/bond_netlink.c. */
const fiveMinutes = { min: 0, max: 300_000 }
const u31 = { min: 0, max: 0x7fffffff }
const number = (meaning: string, bounds = u31) => describe(optional(integer(bounds)), meaning)
const onOff = (meaning: string) => describe(optional(boolean), meaning)

/** bond-cni has numbers as text, too. */
const numerals = pattern('digits', /^\d{1,9}$/)

/** A number of one digit, or its text. */
function numberUpTo(max: number) {
  return either(
    `a whole number from 0 to ${max}`,
    integer({ min: 0, max }),
    pattern('a digit', new RegExp(`^[0-${max}]$`)),
  )
}

/** A word of the driver, or its number. */
function byWordOrNumber<const Words extends readonly string[]>(words: Words) {
  const allowed = words.map((word) => JSON.stringify(word)).join(', ')
  return either(`${allowed}, or its number from 0`, oneOf(...words), numberUpTo(words.length - 1))
}

const shape = {
  bond: describe(
    optional(ifname),
    'Make the bond on the host under this name; later plugins use it as `master`. Default: the bond is in the container.',
  ),
  mode: describe(
    withDefault(byWordOrNumber(bondModes), 'active-backup'),
    'How the members share the traffic: a word, or the driver’s number of it.',
  ),
  ...memberKeys({
    queueId: number('The transmit queue that leads to this member. 0: none.', queue),
    priority: describe(
      optional(integer({ min: -0x80000000, max: 0x7fffffff })),
      'The highest of the working members becomes active when the primary fails (Linux 6.0).',
    ),
  }),
  miimon: describe(
    optional(either('milliseconds', integer(u31), numerals)),
    'Interval of carrier checks, in milliseconds. Default: 100, without arpInterval.',
  ),
  updelay: number(
    'How long a member must have a carrier before it is used, in milliseconds: a multiple of miimon.',
  ),
  downdelay: number(
    'How long a member must be without carrier before it is disabled, in milliseconds: a multiple of miimon.',
  ),
  useCarrier: onOff('Read the carrier from the driver, and not by MII or ethtool.'),
  arpInterval: number('Instead of miimon: interval of ARP or ND requests to the targets, in milliseconds.'),
  arpIpTargets: describe(
    optional(list(ip)),
    'The targets of ARP monitoring: at most 16 IPv4 addresses that answer while a member works.',
  ),
  nsIp6Targets: describe(
    optional(list(ip)),
    'The targets of ND monitoring: at most 16 IPv6 addresses (Linux 5.18).',
  ),
  arpValidate: describe(
    optional(oneOf(...bondWords.arpValidate)),
    'On which members answers are validated, and whether other frames count.',
  ),
  arpAllTargets: describe(
    optional(oneOf(...bondWords.arpAllTargets)),
    'Whether one target must answer (any) or all.',
  ),
  arpMissedMax: number('How many intervals without an answer mark a member as failed (Linux 5.17).', {
    min: 1,
    max: 255,
  }),
  primary: describe(optional(linkName), 'The member that is used whenever it works.'),
  primaryReselect: describe(
    optional(oneOf(...bondWords.primaryReselect)),
    'When the primary becomes active again: always, if it is better, or only when the active member fails.',
  ),
  failOverMac: describe(
    optional(byWordOrNumber(bondWords.failOverMac)),
    'In mode active-backup, the MAC address: one for the bond and all members (none), the active member’s (active), or the bond’s is given to the active member only (follow).',
  ),
  xmitHashPolicy: describe(
    optional(oneOf(...bondWords.xmitHashPolicy)),
    'Which fields of a packet choose its member.',
  ),
  lacpRate: describe(
    optional(oneOf(...bondWords.lacpRate)),
    'How often the switch is requested to send LACPDUs.',
  ),
  lacpActive: onOff('Send LACPDUs periodically (Linux 5.15).'),
  coupledControl: onOff(
    'Enable collecting and distributing together: the coupled state machine of IEEE 802.1AX (Linux 6.9).',
  ),
  adSelect: describe(optional(oneOf(...bondWords.adSelect)), 'How the active aggregator is selected.'),
  adActorSysPrio: number("The bond's priority as an LACP system.", { min: 1, max: 0xffff }),
  adActorSystem: describe(optional(mac), "The bond's MAC address as an LACP system."),
  adUserPortKey: number("The upper bits of the ports' LACP keys.", { min: 0, max: 1023 }),
  minLinks: number('How many members must work for the bond to have a carrier.'),
  tlbDynamicLb: onOff('Move flows to members with less load, instead of using xmitHashPolicy.'),
  lpInterval: number('Interval of the learning packets to switches, in seconds.', { ...u31, min: 1 }),
  packetsPerSlave: number('How many packets a member sends before the next member is used; 0: random.', u16),
  allSlavesActive: describe(
    optional(either('true or false', boolean, numberUpTo(1))),
    'Accept frames that inactive members receive, too.',
  ),
  resendIgmp: number('How many IGMP membership reports are sent after a failover.', u8),
  numPeerNotif: number('How many times the addresses are announced after a failover.', u8),
  peerNotifyDelay: number(
    'The time between these announcements, in milliseconds: a multiple of miimon.',
    fiveMinutes,
  ),
}

export type BondConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    requireMembersOnce,
    notTogether('bond', 'linksInContainer', 'the members of a bond on the host are interfaces of the host'),
    notTogether('bond', 'ipam', 'the plugin that uses the bond as master has the addresses'),
    allowedInMode,
    ...monitored,
    possibleTargets,
    primaryIsMember,
    possibleMtu,
  ],
})
