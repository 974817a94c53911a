/**
 * The Go reference's `macspoofchk`: a rule for each port, which leads to two chains of that port. Patchbay adds none, but checks
 * and removes them (pkg/link/spoofcheck.go of the reference).
 */

import type { Attachment } from '../cni/plugin.ts'
import type { CniError } from '../error/error.ts'
import { findLink } from '../netlink/link.ts'
import { deleteChain, deleteRule, place, type Table } from '../netlink/nftables.ts'
import { chainUse, comparedWith, listRules, type Rule } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { etherAddr, ifnameBytes } from '../netlink/nftables-types.ts'
import { openSocket, Protocol, type Request } from '../netlink/socket.ts'
import { missing } from './missing.ts'
import { chunks, netfilter } from './table.ts'

type Owner = Omit<Attachment, 'network'>

/** ebtables has its rules in this table, too. */
const table: Table = { family: 'bridge', name: 'nat' }
const prerouting = 'PREROUTING'
const prefix = 'cni-br-iface-'
/** NFT_NAME_MAXLEN, include/uapi/linux/netfilter/nf_tables.h, less the terminating NUL. */
const nameLength = 255

/** The chain that the packets of a port go to. */
function portChain({ containerID, ifname }: Owner): string {
  return `${prefix}${containerID}-${ifname}`
}

/** The chain that a port's chain leads to: its MAC address passes, others are dropped. */
function macChain(port: string): string {
  return `${port}-mac`
}

export function has(attachment: Owner): boolean {
  return exists(portChain(attachment))
}

/** The kernel refuses to look for a name that is too long. */
function exists(chain: string): boolean {
  return chain.length <= nameLength && chainUse(netfilter(), table, chain) !== undefined
}

function rulesOf(chain: string): Rule[] {
  return listRules(netfilter(), table, chain)
}

/** @throws CniError that names the missing rule */
export function check(attachment: Owner, port: string, mac: Buffer): void {
  const own = portChain(attachment)
  const entrances = rulesOf(prerouting).filter(({ leadsTo }) => leadsTo === own)
  if (!entrances.some(compares(ifnameBytes(port)))) throw noRule(prerouting, `for ${port}`)
  if (!rulesOf(own).some(({ leadsTo }) => leadsTo === macChain(own))) throw noRule(own, 'that leads on')
  const [passes, drops] = rulesOf(macChain(own))
  if (!passes || !drops || !compares(mac)(passes)) throw noRule(macChain(own), 'for the MAC address')
}

/** The MAC address that passes at an attachment's port. */
export function allowed(attachment: Owner): Buffer | undefined {
  if (!has(attachment)) return undefined
  const [passes] = rulesOf(macChain(portChain(attachment)))
  return passes && comparedWith(passes).find(({ length }) => length === etherAddr.length)
}

function compares(value: Buffer) {
  return (rule: Rule) => comparedWith(rule).some((other) => other.equals(value))
}

function noRule(chain: string, which: string): CniError {
  const where = `${place(table)} ${chain}`
  return missing(`the reference's chain ${where} has no rule ${which}`, `nft list chain ${where}`)
}

/** Requests that delete an attachment's rule and chains. The table and its base chain stay, as after the reference's DEL. */
export function removal(attachment: Owner): Request[] {
  return has(attachment) ? removalOf([portChain(attachment)]) : []
}

function removalOf(ports: string[]): Request[] {
  const entrances = rulesOf(prerouting).filter(({ leadsTo = '' }) => ports.includes(leadsTo))
  const chains = ports.flatMap((port) => [port, macChain(port)]).filter(exists)
  return [
    ...entrances.map(({ handle }) => deleteRule(table, prerouting, handle)),
    ...chains.map((chain) => deleteChain(table, chain)),
  ]
}

/**
 * GC: removes the chains of attachments that are not valid. They do not tell their network: those of ports that the host still
 * has may belong to another one, and stay.
 * @returns how many
 */
export function collect(valid: Owner[]): number {
  const kept = new Set(valid.map(portChain))
  const isStale = ({ leadsTo = '' }: Rule) => leadsTo.startsWith(prefix) && !kept.has(leadsTo)
  const stale = withoutPort(rulesOf(prerouting).filter(isStale)).map(({ leadsTo = '' }) => leadsTo)
  for (const part of chunks(stale)) update(netfilter(), () => removalOf(part))
  return stale.length
}

function withoutPort(rules: Rule[]): Rule[] {
  if (rules.length === 0) return []
  const host = openSocket(Protocol.ROUTE)
  return rules.filter((rule) => !findLink(host, portOf(rule)))
}

function portOf(rule: Rule): string {
  const [name = Buffer.alloc(0)] = comparedWith(rule)
  return name.toString().replace(/\0+$/, '')
}
