/** What living attachments are to have in our nftables tables by their records, and what is there. */

import { attachmentKey } from '../../../shared/cni/identity.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { CniError } from '../../../shared/error/error.ts'
import * as acceptInto from '../../../shared/firewall/accept-into.ts'
import { kept as filters } from '../../../shared/firewall/filter-record.ts'
import * as isolation from '../../../shared/firewall/isolation.ts'
import * as macs from '../../../shared/firewall/macspoofchk.ts'
import * as masquerade from '../../../shared/firewall/masquerade-frame.ts'
import { frameFor, elementsOf as portElements } from '../../../shared/firewall/portmap-elements.ts'
import { chainsOf, type Frame, frameOf, setsOf as portSets } from '../../../shared/firewall/portmap-frame.ts'
import { kept as ports, rulesOf } from '../../../shared/firewall/portmap-record.ts'
import { expectRules, netfilter } from '../../../shared/firewall/table.ts'
import { unlessUnsupported } from '../../../shared/firewall/unsupported.ts'
import { families, toBytes } from '../../../shared/ip/address.ts'
import { type Cidr, parseCidr } from '../../../shared/ip/subnet.ts'
import { place } from '../../../shared/netlink/nftables.ts'
import { listElements } from '../../../shared/netlink/nftables-read.ts'
import type { Element, NamedSet } from '../../../shared/netlink/nftables-sets.ts'
import { formatKey } from '../../../shared/netlink/nftables-types.ts'
import type { Recorded } from '../../../shared/state/former.ts'
import { noted } from '../../../shared/state/noted.ts'
import type { Evidence, Fault, Finding, View } from '../frame/fault.ts'
import { patchbay } from '../frame/shell.ts'
import { wiredOf } from './wired.ts'

type Elements = ReadonlyMap<string, Element>

const listed = oncePer((_: View) => new Map<string, Elements>())

/** The elements of a set by key in hexadecimal digits, each set listed once. */
export function elementsIn(view: View, set: NamedSet): Elements {
  const [known, name] = [listed(view), nameOf(set)]
  const found = known.get(name)
  if (found) return found
  const elements = unlessUnsupported(() => listElements(netfilter(), set)) ?? []
  const byKey = new Map(elements.map((one) => [one.key.toString('hex'), one]))
  known.set(name, byKey)
  return byKey
}

const nameOf = (set: NamedSet) => `${place(set.table)} ${set.name}`

/** What is missing of one attachment, or of the rules that all share: a command that shows it, and what that shows. */
type Missing = Evidence

/** The records of attachments that live. */
function living<T extends Recorded>(view: View, records: readonly T[]): T[] {
  const live = liveKeys(view)
  return records.filter((one) => live.has(attachmentKey(one)))
}

const liveKeys = oncePer((view: View) => new Set(wiredOf(view).map(attachmentKey)))

export const elementsMissing: Fault = {
  id: 'rules-missing',
  title: 'rules of living containers are missing in the firewall',
  severity: 'error',
  look(view) {
    const features = [
      ['ipMasq', masquerades(view)],
      ['macspoofchk', macChecks(view)],
      ['portmap', hostPorts(view)],
      ['firewall', filtersMissing(view)],
    ] as const
    return features.flatMap(([feature, missing]) => (missing.length > 0 ? [gone(feature, missing)] : []))
  },
}

function gone(feature: string, missing: readonly Missing[]): Finding {
  const what = missing.length === 1 ? 'a part' : `${missing.length} parts`
  return {
    subject: feature,
    cause: `another program has removed ${what} of what living containers have by ${feature}, as nft flush ruleset does`,
    evidence: missing.slice(0, 3),
    mend: [patchbay('reapply')],
  }
}

/** An element that is not there. One of another attachment counts: that has got the address or the port since. */
function absent(view: View, set: NamedSet, key: Buffer): Missing[] {
  if (elementsIn(view, set).has(key.toString('hex'))) return []
  return [{ where: `nft get element ${nameOf(set)} { ${formatKey(set.key, key)} }`, value: 'is missing' }]
}

/** Chains that have lost rules. */
function broken(check: () => void): Missing[] {
  try {
    check()
    return []
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    const { msg, see = 'nft list ruleset' } = error.complaint
    return [{ where: see, value: msg }]
  }
}

/** Those that iptables does, as the kernel lacked nf_tables, are not looked at. */
function masquerades(view: View): Missing[] {
  const byIptables = new Set(noted('firewall/iptables').all().map(attachmentKey))
  const notes = living(view, noted('firewall/ipMasq').all()).filter(
    (note) => !byIptables.has(attachmentKey(note)) && !note.more.split(' ').includes('iptables'),
  )
  const cidrs = notes.flatMap(({ more }) => more.split(' ').flatMap((text) => parseCidr(text) ?? []))
  const elements = cidrs.flatMap(({ address }) =>
    absent(view, masquerade.addressMap(address.family), toBytes(address)),
  )
  return [...elements, ...masqueradeChains(cidrs)]
}

function masqueradeChains(cidrs: readonly Cidr[]): Missing[] {
  const chains = new Map(
    cidrs.flatMap((cidr) => {
      const { family } = cidr.address
      const own = (chain: string, count: number) =>
        [`${family} ${chain}`, () => expectRules(masquerade.table(family), chain, count)] as const
      return [
        own(masquerade.subnetChain(cidr), masquerade.rules),
        own(masquerade.outside, masquerade.rules),
        own(masquerade.postrouting, 1),
      ]
    }),
  )
  return [...chains.values()].flatMap(broken)
}

function macChecks(view: View): Missing[] {
  const notes = living(view, noted('firewall/macspoofchk').all()).filter(({ more }) => more.includes(' '))
  if (notes.length === 0) return []
  const elements = notes.flatMap((note) =>
    macs.notedElements(note).flatMap(({ set, key }) => absent(view, set, key)),
  )
  return [...elements, ...broken(macs.checkChains)]
}

function hostPorts(view: View): Missing[] {
  const rules = living(view, ports.all())
    .filter(({ backend }) => backend === 'nftables')
    .flatMap(rulesOf)
  const elements = rules.flatMap(portElements).flatMap(({ set, key }) => absent(view, set, key))
  const frames = new Map(rules.map(frameFor).map((frame) => [`${frame.family} ${frame.prefix}`, frame]))
  return [...elements, ...[...frames.values()].flatMap(portChains)]
}

/** With conditions nft adds the rules that lead into a frame: those are not counted. */
function portChains(frame: Frame): Missing[] {
  const counted = frame.conditions.length > 0 ? [] : chainsOf(frame)
  return counted.flatMap(({ name, rules }) => broken(() => expectRules(frame.table, name, rules.length)))
}

function filtersMissing(view: View): Missing[] {
  const elements = living(view, filters.all()).filter(
    ({ policy, acceptInto }) => policy !== 'open' || acceptInto.length > 0,
  )
  return elements.flatMap((filter) =>
    broken(() => {
      isolation.check(filter)
      acceptInto.check(filter)
    }),
  )
}

/** The sets whose elements name their attachment, apart from those of host ports with conditions. */
export const ownedSets = (): NamedSet[] => [
  ...families.flatMap((family) => [
    masquerade.addressMap(family),
    masquerade.attachmentMap(family),
    ...portSets(frameOf(family)),
  ]),
  ...macs.sets,
  ...isolation.selfSets,
]
