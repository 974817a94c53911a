/**
 * What living attachments are to have in our nftables tables by their records. The elements of each are counted first, by their comments;
 * only what has too few is looked at closely.
 */

import { attachmentKey } from '../../../shared/cni/identity.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { CniError } from '../../../shared/error/error.ts'
import * as acceptInto from '../../../shared/firewall/accept-into.ts'
import { type Filter, kept as filters } from '../../../shared/firewall/filter-record.ts'
import * as isolation from '../../../shared/firewall/isolation.ts'
import * as isolatedPorts from '../../../shared/firewall/isolation-ports.ts'
import * as macs from '../../../shared/firewall/macspoofchk.ts'
import * as masquerade from '../../../shared/firewall/masquerade-frame.ts'
import { elementsOf as portElements } from '../../../shared/firewall/portmap-elements.ts'
import { chainsOf, type Frame, frameOf } from '../../../shared/firewall/portmap-frame.ts'
import { type PortmapRecord, kept as ports, rulesOf } from '../../../shared/firewall/portmap-record.ts'
import { expectRules, netfilter, owner } from '../../../shared/firewall/table.ts'
import { families, toBytes } from '../../../shared/ip/address.ts'
import { type Cidr, parseCidr } from '../../../shared/ip/subnet.ts'
import { findElement } from '../../../shared/netlink/nftables-read.ts'
import type { NamedSet } from '../../../shared/netlink/nftables-sets.ts'
import { formatKey } from '../../../shared/netlink/nftables-types.ts'
import type { Recorded } from '../../../shared/state/former.ts'
import { type Note, noted } from '../../../shared/state/noted.ts'
import type { Evidence, Fault, Finding, View } from '../frame/fault.ts'
import { patchbay } from '../frame/own-call.ts'
import { countIn, nameOf } from './owned.ts'
import { wiredOf } from './wired.ts'

/** The records of attachments that live. */
function living<T extends Recorded>(view: View, records: readonly T[]): T[] {
  const live = liveKeys(view)
  return records.filter((one) => live.has(attachmentKey(one)))
}

const liveKeys = oncePer((view: View) => new Set(wiredOf(view).map(attachmentKey)))

/** The host ports of living attachments. */
export const portRecords: (view: View) => readonly PortmapRecord[] = oncePer((view: View) =>
  living(view, ports.all()),
)

export const elementsMissing: Fault = {
  id: 'rules-missing',
  title: 'rules of living containers are missing in the firewall',
  severity: 'error',
  look(view) {
    const features = [
      ['ipMasq', masquerades(view)],
      ['macspoofchk', macChecks(view)],
      ['portmap', hostPorts(view)],
      ['firewall', filtered(view)],
    ] as const
    return features.flatMap(([feature, missing]) => (missing.length > 0 ? [gone(feature, missing)] : []))
  },
}

/** @param missing commands that show it, and what they show */
function gone(feature: string, missing: readonly Evidence[]): Finding {
  const what = missing.length === 1 ? 'a part' : `${missing.length} parts`
  return {
    subject: feature,
    cause: `another program has removed ${what} of what living containers have by ${feature}, as nft flush ruleset does`,
    evidence: missing.slice(0, 3),
    mend: [patchbay('reapply')],
  }
}

/** An element that is not there. One of another attachment counts: that has got the address or the port since. */
function absent(set: NamedSet, key: Buffer): Evidence[] {
  if (findElement(netfilter(), set, key)) return []
  return [{ where: `nft get element ${nameOf(set)} { ${formatKey(set.key, key)} }`, value: 'is missing' }]
}

/** Chains that have lost rules, or what else a CHECK misses. */
function broken(check: () => void): Evidence[] {
  try {
    check()
    return []
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    const { msg, see = 'nft list ruleset' } = error.complaint
    return [{ where: see, value: msg }]
  }
}

const isAddress = (word: string) => word.includes('/')

/** What iptables does, as the kernel lacked nf_tables, is not looked at. */
function masquerades(view: View): Evidence[] {
  const byIptables = new Set(noted('firewall/iptables').all().map(attachmentKey))
  const notes = living(view, noted('firewall/ipMasq').all()).filter(
    (note) => !byIptables.has(attachmentKey(note)) && !note.more.split(' ').includes('iptables'),
  )
  const maps = families.map(masquerade.addressMap)
  const short = notes.filter(
    (note) => countIn(view, maps, owner(note)) < note.more.split(' ').filter(isAddress).length,
  )
  const elements = short
    .flatMap(cidrsOf)
    .flatMap(({ address }) => absent(masquerade.addressMap(address.family), toBytes(address)))
  return [...elements, ...masqueradeChains(notes)]
}

function cidrsOf({ more }: Note): Cidr[] {
  return more.split(' ').flatMap((text) => parseCidr(text) ?? [])
}

/** The chain of each subnet, and those that all share: of each network one attachment tells them. */
function masqueradeChains(notes: readonly Note[]): Evidence[] {
  const samples = new Map(notes.map((note) => [note.network, note]))
  const checks = [...samples.values()].flatMap(cidrsOf).flatMap((cidr) => {
    const { family } = cidr.address
    const own = (chain: string, count: number) =>
      [`${family} ${chain}`, () => expectRules(masquerade.table(family), chain, count)] as const
    return [
      own(masquerade.subnetChain(cidr), masquerade.rules),
      own(masquerade.outside, masquerade.rules),
      own(masquerade.postrouting, 1),
    ]
  })
  return [...new Map(checks).values()].flatMap(broken)
}

function macChecks(view: View): Evidence[] {
  const notes = living(view, noted('firewall/macspoofchk').all()).filter(({ more }) => more.includes(' '))
  if (notes.length === 0) return []
  const short = notes.filter((note) => countIn(view, macs.sets, owner(note)) < macs.sets.length)
  const elements = short.flatMap(macs.notedElements).flatMap(({ set, key }) => absent(set, key))
  return [...elements, ...broken(macs.checkChains)]
}

/** Of an attachment without elements all are named; one that lacks some has too few at its ports. */
function hostPorts(view: View): Evidence[] {
  const records = portRecords(view).filter(({ backend }) => backend === 'nftables')
  const frames = new Map<string, Frame>()
  const short = records.filter((record) => {
    const sets = record.rules.flatMap(({ address, conditions }) => {
      const frame = frameOf(address.includes(':') ? 6 : 4, conditions)
      frames.set(nameOf(frame.ports), frame)
      return [frame.ports, frame.addresses]
    })
    const count = record.rules.reduce((sum, { mappings }) => sum + mappings.length, 0)
    return countIn(view, [...new Map(sets.map((set) => [nameOf(set), set])).values()], owner(record)) < count
  })
  const elements = short.flatMap(rulesOf).flatMap(portElements)
  return [
    ...elements.flatMap(({ set, key }) => absent(set, key)),
    ...[...frames.values()].flatMap(portChains),
  ]
}

/** With conditions nft adds the rules that lead into a frame: those are not counted. */
function portChains(frame: Frame): Evidence[] {
  const counted = frame.conditions.length > 0 ? [] : chainsOf(frame)
  return counted.flatMap(({ name, rules }) => broken(() => expectRules(frame.table, name, rules.length)))
}

/** One attachment tells of all with the same interface and policy what they share. */
function filtered(view: View): Evidence[] {
  const own = living(view, filters.all()).filter(
    ({ policy, acceptInto }) => policy !== 'open' || acceptInto.length > 0,
  )
  const shared = new Map(
    own.map((filter) => [`${filter.through} ${filter.policy} ${JSON.stringify(filter.acceptInto)}`, filter]),
  )
  const short = own.filter((filter) => countIn(view, setsOf(filter), owner(filter)) < leastOf(filter))
  return [...new Set([...shared.values(), ...short])].flatMap((filter) =>
    broken(() => {
      isolation.check(filter)
      acceptInto.check(filter)
    }),
  )
}

function setsOf({ acceptInto: chains }: Filter): NamedSet[] {
  const tables = new Map(chains.map(({ family, table }) => [`${family} ${table}`, { family, name: table }]))
  return [
    ...isolation.selfSets,
    ...isolatedPorts.sets,
    ...[...tables.values()].flatMap(acceptInto.acceptSets),
  ]
}

/** How many elements an attachment has of its own at least. */
function leastOf({ policy, port, addresses, acceptInto: chains, through, backEnd }: Filter): number {
  const isIsolated = policy === 'isolated'
  const self = isIsolated && through !== undefined && backEnd !== 'iptables' ? addresses.length : 0
  const tables = new Set(chains.map(({ family, table }) => `${family} ${table}`)).size
  return self + (isIsolated && port !== undefined ? 2 : 0) + (tables > 0 ? addresses.length : 0)
}
