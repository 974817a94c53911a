/** The options of a bond and of its members: from the configuration, and checked. */

import { broken, mismatch, repairable } from '../../shared/attachment/broken.ts'
import {
  type BondMember,
  type BondOptions,
  bondOptions,
  canonical,
  changeable,
  changeBond,
  changeBondMember,
  parseBond,
  parseBondMember,
} from '../../shared/netlink/bond.ts'
import { commandIn, type Place, seeLink } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Request } from '../../shared/netlink/socket.ts'
import type { BondConfig } from './config.ts'
import { intervalOf } from './rules.ts'
import { failOverMacOf, modeOf } from './words.ts'

/** The driver's options for a configuration. @param members in the order of `links` */
export function optionsOf(config: BondConfig, members: Link[]): BondOptions {
  const { primary, miimon, allSlavesActive, links, ...others } = config
  return {
    ...others,
    mode: modeOf(config),
    miimon: intervalOf(config) || undefined,
    primary: primary ? members[links.findIndex(({ name }) => name === primary)]?.index : undefined,
    failOverMac: failOverMacOf(config),
    allSlavesActive: allSlavesActive === undefined ? undefined : Boolean(Number(allSlavesActive)),
  }
}

/** Requests that set the options of members; most members have none. */
export function memberChanges(members: Link[], { links }: BondConfig): Request[] {
  return members.flatMap((link, index) => {
    const { queueId, priority } = links[index] ?? {}
    const isPlain = queueId === undefined && priority === undefined
    return isPlain ? [] : [changeBondMember(link, { queueId, priority })]
  })
}

/** @throws CniError naming the first option that is not as configured */
export function checkOptions(bond: Link, wanted: BondOptions, place: Place): void {
  const actual = parseBond(bond.data ?? Buffer.alloc(0))
  const expected = canonical(wanted)
  const wrong = bondOptions.find(
    (name) => expected[name] !== undefined && String(actual[name]) !== String(expected[name]),
  )
  if (!wrong) return
  const msg = mismatch(bond.name, wrong, actual[wrong], expected[wrong])
  const see = seeLink(bond.name)
  if (!(changeable as readonly string[]).includes(wrong)) throw broken(msg, { see: commandIn(place, see) })
  throw repairable(msg, changeBond(bond, { [wrong]: expected[wrong] }), see, place)
}

/** @throws CniError naming the first member that is not as configured */
export function checkMemberOptions(members: Link[], { links }: BondConfig, place: Place): void {
  for (const [index, member] of members.entries()) {
    const { name, portData = Buffer.alloc(0) } = member
    const actual = parseBondMember(portData)
    const expected: BondMember = links[index] ?? {}
    for (const key of ['queueId', 'priority'] as const) {
      if (expected[key] === undefined || actual[key] === expected[key]) continue
      const msg = mismatch(name, key, actual[key], expected[key])
      throw repairable(msg, changeBondMember(member, { [key]: expected[key] }), seeLink(name), place)
    }
  }
}
