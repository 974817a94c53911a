/** Rules between the options of a bond: those of the driver (drivers/net/bonding/bond_options.c), with messages. */

import { needs, type Rule } from '../../shared/config/rules.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import type { BondMode } from '../../shared/netlink/bond.ts'
import type { BondConfig } from './config.ts'
import { modeOf } from './words.ts'

/** Modes with a primary: one member is active, or one for each peer. */
const withPrimary: BondMode[] = ['active-backup', 'balance-tlb', 'balance-alb']
const lacp: BondMode[] = ['802.3ad']
const balancing: BondMode[] = ['balance-tlb', 'balance-alb']
/** Modes with ARP monitoring: in the others, a member that receives nothing may still work. */
const arpMonitored: BondMode[] = ['balance-rr', 'active-backup', 'balance-xor', 'broadcast']
const hashing: BondMode[] = ['balance-xor', '802.3ad', 'balance-tlb', 'balance-alb']

/** Options that only have a meaning in some modes; in others the driver refuses most of them and ignores the rest. */
const modesOf: Partial<Record<keyof BondConfig, BondMode[]>> = {
  arpInterval: arpMonitored,
  arpIpTargets: arpMonitored,
  nsIp6Targets: arpMonitored,
  arpValidate: arpMonitored,
  arpAllTargets: arpMonitored,
  arpMissedMax: arpMonitored,
  primary: withPrimary,
  primaryReselect: withPrimary,
  xmitHashPolicy: hashing,
  lacpRate: lacp,
  lacpActive: lacp,
  coupledControl: lacp,
  adSelect: lacp,
  adActorSysPrio: lacp,
  adActorSystem: lacp,
  adUserPortKey: lacp,
  minLinks: lacp,
  tlbDynamicLb: balancing,
  lpInterval: balancing,
  packetsPerSlave: ['balance-rr'],
}

export function allowedInMode(config: BondConfig): Complaint | undefined {
  const { links = [] } = config
  const mode = modeOf(config)
  const keys = Object.keys(modesOf) as (keyof BondConfig)[]
  const wrong = keys.find((key) => config[key] !== undefined && !modesOf[key]?.includes(mode))
  if (wrong) return notIn(wrong, mode, modesOf[wrong] ?? [])
  const ranked = links.findIndex(({ priority }) => priority !== undefined)
  return ranked < 0 || withPrimary.includes(mode)
    ? undefined
    : notIn(`links[${ranked}].priority`, mode, withPrimary)
}

function notIn(key: string, mode: BondMode, modes: BondMode[]): Complaint {
  return {
    msg: `${key} is set but mode is "${mode}": it only has a meaning in ${modes.join(', ')}`,
    hint: `remove ${key}, or use another mode`,
  }
}

/** Members are monitored by carrier or by ARP and ND, never both. */
export const monitored: Rule<BondConfig>[] = [
  monitoredOnce,
  ...['arpIpTargets', 'nsIp6Targets', 'arpValidate', 'arpAllTargets', 'arpMissedMax'].map((key) =>
    needs(key, 'arpInterval'),
  ),
  requireTargets,
  wholeIntervals,
]

/** 0 switches either off. */
function monitoredOnce({ miimon, arpInterval }: BondConfig): Complaint | undefined {
  if (!Number(miimon ?? 0) || !arpInterval) return undefined
  return { msg: 'miimon and arpInterval cannot be set together', hint: 'remove one of them' }
}

function requireTargets({ arpInterval, arpIpTargets = [], nsIp6Targets = [] }: BondConfig) {
  if (!arpInterval || arpIpTargets.length + nsIp6Targets.length > 0) return undefined
  return { msg: 'arpInterval is set but there are no targets', hint: 'set arpIpTargets or nsIp6Targets' }
}

/** The driver counts delays in intervals of miimon, and would round them down. */
function wholeIntervals(config: BondConfig): Complaint | undefined {
  const round = intervalOf(config)
  const keys = ['updelay', 'downdelay', 'peerNotifyDelay'] as const
  const wrong = keys.find((key) => config[key] && !Number.isInteger((config[key] ?? 0) / round))
  if (!wrong) return undefined
  if (round === 0) return { msg: `${wrong} is set but miimon is not`, hint: `set miimon, or remove ${wrong}` }
  return { msg: `${wrong} is ${config[wrong]}, must be a multiple of miimon, which is ${round}` }
}

/** miimon with its default, in milliseconds: without monitoring, a failed member would keep its share of the traffic. */
export function intervalOf({ miimon, arpInterval }: BondConfig): number {
  return Number(miimon ?? (arpInterval ? 0 : 100))
}

/** BOND_MAX_ARP_TARGETS and BOND_MAX_NS_TARGETS, include/net/bonding.h. */
const maxTargets = 16

export function possibleTargets({ arpIpTargets = [], nsIp6Targets = [] }: BondConfig): Complaint | undefined {
  return badTargets('arpIpTargets', arpIpTargets, 4) ?? badTargets('nsIp6Targets', nsIp6Targets, 6)
}

function badTargets(key: string, targets: string[], family: 4 | 6): Complaint | undefined {
  if (targets.length > maxTargets)
    return { msg: `${key} must have at most ${maxTargets} addresses, found ${targets.length}` }
  const wrong = targets.find((text) => parseAddress(text)?.family !== family || unusable.test(text))
  if (!wrong) return undefined
  return { msg: `${key} has ${wrong}, must be the IPv${family} address of a single host, and not link-local` }
}

/** Addresses that the driver ignores (bond_is_ip_target_ok, bond_is_ip6_target_ok), and link-local IPv6. */
const unusable = /^(0\.0\.0\.0|255\.255\.255\.255|::1?|fe[89ab].:.*|ff.*)$/i

export function primaryIsMember({ primary, links = [] }: BondConfig): Complaint | undefined {
  if (!primary || links.some(({ name }) => name === primary)) return undefined
  return { msg: `primary is "${primary}", which is not among links`, hint: 'name one of links' }
}
