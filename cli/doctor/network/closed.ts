/** Chains of other programs that drop what containers send, although a rule of theirs might accept it: each is followed to its end. */

import { oncePer } from '../../../shared/config/once.ts'
import { closedChains, closedIptables, filterTable } from '../../../shared/firewall/closed-chains.ts'
import { netfilter } from '../../../shared/firewall/table.ts'
import type { Family } from '../../../shared/ip/address.ts'
import { formatCidr, subnetOf } from '../../../shared/ip/subnet.ts'
import { readXtable } from '../../../shared/kernel/xtables.ts'
import { type Chain, findChain } from '../../../shared/netlink/nftables-chains.ts'
import { word } from '../../form/shell.ts'
import type { View } from '../frame/fault.ts'
import type { Packet } from './packet.ts'
import { isSureToDrop } from './passing.ts'

/** A chain that is closed for what it does not accept. */
export interface Closed {
  /** As the program that made it calls it. */
  name: string
  how: string
  /** The command that shows it. */
  see: string
  drops(packet: Packet): boolean
  /** Commands that put rules before all others. */
  accepting(family: Family, rules: readonly AcceptRule[]): string[]
}

/** What is to be accepted, in the words of nft and of iptables. */
export interface AcceptRule {
  nft: string
  /** Undefined: one of the others says it, too. */
  iptables?: string
}

/** All that is closed at the hook forward. */
export const closedForward: (view: View) => readonly Closed[] = oncePer((_: View) => [
  ...closedIptables(['FORWARD']).map(({ kind, family, how }) =>
    kind === 'nft' ? ofIptablesNft(family, how) : ofLegacy(family, how),
  ),
  ...closedChains(['FORWARD']).map(({ chain, how }) => ofNftables(chain, how)),
])

function ofIptables(kind: 'nft' | 'legacy', own: Family, how: string): Omit<Closed, 'drops'> {
  const program = `${own === 4 ? 'iptables' : 'ip6tables'}-${kind}`
  return {
    name: `FORWARD of ${program}`,
    how,
    see: `${program} -S FORWARD`,
    accepting: (family, rules) =>
      rules.flatMap(({ iptables }) =>
        iptables && family === own ? `${program} -I FORWARD ${iptables} -j ACCEPT` : [],
      ),
  }
}

function ofIptablesNft(family: Family, how: string): Closed {
  const chain = findChain(netfilter(), filterTable(family), 'FORWARD')
  return {
    ...ofIptables('nft', family, how),
    drops: (packet) =>
      chain !== undefined && packet.family === family && isSureToDrop(netfilter(), chain, packet),
  }
}

/** Rules of iptables-legacy are not followed: only a chain without any is sure to drop. */
function ofLegacy(family: Family, how: string): Closed {
  const isEmpty = readXtable(family, 'filter')?.isEmpty('FORWARD') === true
  return { ...ofIptables('legacy', family, how), drops: (packet) => isEmpty && packet.family === family }
}

function ofNftables(chain: Chain, how: string): Closed {
  const { table, name } = chain
  const place = `${table.family} ${word(table.name)} ${word(name)}`
  return {
    name: `chain ${table.family} ${table.name} ${name}`,
    how,
    see: `nft list chain ${place}`,
    drops: (packet) => isSureToDrop(netfilter(), chain, packet),
    accepting: (_, rules) => rules.map(({ nft }) => `nft insert rule ${place} ${nft} accept`),
  }
}

/** What a container sends, and the answers; what is led to it by a host port. */
export function subnetRules({ family, source }: Packet, prefix: number): AcceptRule[] {
  const subnet = formatCidr(subnetOf({ address: source, prefix }))
  const ip = family === 4 ? 'ip' : 'ip6'
  return [
    { nft: `${ip} saddr ${subnet}`, iptables: `-s ${subnet}` },
    {
      nft: `${ip} daddr ${subnet} ct state established,related`,
      iptables: `-d ${subnet} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT`,
    },
    { nft: `${ip} daddr ${subnet} ct status dnat` },
  ]
}

/** What ports of a bridge send to each other. */
export function bridgeRules(bridge: string): AcceptRule[] {
  const name = word(JSON.stringify(bridge))
  return [{ nft: `iifname ${name} oifname ${name}`, iptables: `-i ${word(bridge)} -o ${word(bridge)}` }]
}
