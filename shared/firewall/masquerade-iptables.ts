/** Masquerading by iptables, in the layout of the Go reference: a chain for each container, with a jump from POSTROUTING. */

import type { Attachment } from '../cni/plugin.ts'
import { formatAddress, width } from '../ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../ip/subnet.ts'
import { deleteChain, deleteRule } from '../netlink/nftables.ts'
import { chainUse, listRules } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { type Iptables, isInstalled, restore, save } from './iptables.ts'
import { findIptablesTraces, nat, type Trace } from './iptables-traces.ts'
import { noteUser } from './iptables-users.ts'
import { missing } from './missing.ts'
import { chainName, ruleComment } from './reference-names.ts'
import { netfilter } from './table.ts'

const families = [4, 6] as const
const multicast = { 4: '224.0.0.0/4', 6: 'ff00::/8' }

/** Replaces a container's masqueraded addresses. Runs iptables-restore once per family. @throws CniError */
export async function add(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  await remove(await findIptablesTraces(attachment))
  noteUser(attachment)
  for (const family of families) {
    const own = addresses.filter(({ address }) => address.family === family)
    if (own.length > 0)
      await restore({ family }, [`-N ${chainName(attachment)}`, ...rulesOf(attachment, own)])
  }
}

/** Accepts traffic within the subnets, then masquerades the rest. Jumps come last: the chain is complete before it is used. */
function rulesOf(attachment: Attachment, addresses: Cidr[]): string[] {
  const chain = chainName(attachment)
  const comment = `-m comment --comment ${JSON.stringify(ruleComment(attachment))}`
  return [
    ...subnets(addresses).map((subnet) => `-A ${chain} -d ${subnet} ${comment} -j ACCEPT`),
    `-A ${chain} ! -d ${multicast[familyOf(addresses)]} ${comment} -j MASQUERADE`,
    ...addresses.map((cidr) => `-A POSTROUTING -s ${source(cidr)} ${comment} -j ${chain}`),
  ]
}

function familyOf([first]: Cidr[]): 4 | 6 {
  return first?.address.family ?? 4
}

function subnets(addresses: Cidr[]): string[] {
  return unique(addresses.map((cidr) => formatCidr(subnetOf(cidr))))
}

/** A host address, as `iptables-save` prints it. */
function source({ address }: Cidr): string {
  return `${formatAddress(address)}/${width(address.family)}`
}

/** Removes the chains of traces, with the jumps to them. */
export async function remove(traces: Trace[]): Promise<void> {
  for (const { iptables, chain } of traces) {
    if (iptables.kind === 'nft') removeByNetlink(iptables, chain)
    else if (isInstalled(iptables)) await removeByProgram(iptables, chain)
  }
}

/** Deletes over netlink: iptables may be missing, or refuse a table with rules of nft. */
function removeByNetlink({ family }: Iptables, chain: string): void {
  const table = nat(family)
  update(netfilter(), () => {
    if (chainUse(netfilter(), table, chain) === undefined) return []
    const jumps = listRules(netfilter(), table, 'POSTROUTING').filter(({ leadsTo }) => leadsTo === chain)
    return [...jumps.map(({ handle }) => deleteRule(table, 'POSTROUTING', handle)), deleteChain(table, chain)]
  })
}

/** A failure is ignored when another process has removed the chain meanwhile. */
async function removeByProgram(iptables: Iptables, chain: string): Promise<void> {
  const lines = removal(await save(iptables), chain)
  if (lines.length === 0) return
  try {
    await restore(iptables, lines)
  } catch (error) {
    if (removal(await save(iptables), chain).length > 0) throw error
  }
}

/** The lines for iptables-restore that remove a chain and the jumps to it; none when `iptables-save` lists no such chain. */
function removal(saved: string[], chain: string): string[] {
  if (!saved.some((line) => line.startsWith(`:${chain} `))) return []
  const jumps = saved.filter((line) => line.startsWith('-A ') && line.endsWith(` -j ${chain}`))
  return [...jumps.map((line) => line.replace('-A', '-D')), `-F ${chain}`, `-X ${chain}`]
}

/** GC: removes the chains of a network's containers without a valid attachment. @returns how many */
export async function collect(
  network: string,
  valid: { containerID: string }[],
  places: Trace[],
): Promise<number> {
  const kept = new Set(valid.map(({ containerID }) => chainName({ network, containerID })))
  let collected = 0
  for (const { iptables } of places) {
    const chainsOf = iptables.kind === 'nft' ? chainsByNetlink : chainsByProgram
    const stale = (await chainsOf(iptables, network)).filter((chain) => !kept.has(chain))
    await remove(stale.map((chain) => ({ iptables, chain })))
    collected += stale.length
  }
  return collected
}

/** The first part of the comments of a network's containers. */
function commentPrefix(network: string): string {
  return ruleComment({ network, containerID: '' }).slice(0, -1)
}

/**
 * The chains of a network's containers, found by the comments of the jumps. iptables stores a comment in different
 * attributes of a rule, so all of them are searched.
 */
function chainsByNetlink({ family }: Iptables, network: string): string[] {
  const prefix = Buffer.from(commentPrefix(network))
  const jumps = listRules(netfilter(), nat(family), 'POSTROUTING').filter(({ attributes }) =>
    contains(attributes, prefix),
  )
  return unique(jumps.flatMap(({ leadsTo }) => leadsTo ?? []))
}

function contains(bytes: Buffer, part: Buffer): boolean {
  const [first = 0] = part
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1))
    if (bytes.subarray(at, at + part.length).equals(part)) return true
  return false
}

async function chainsByProgram(iptables: Iptables, network: string): Promise<string[]> {
  if (!isInstalled(iptables)) return []
  const comment = JSON.stringify(commentPrefix(network)).slice(0, -1)
  const jumps = (await save(iptables)).filter(
    (line) => line.startsWith('-A POSTROUTING ') && line.includes(comment),
  )
  return unique(jumps.flatMap((line) => / -j (CNI-[0-9a-f]+)$/.exec(line)?.[1] ?? []))
}

function unique(names: string[]): string[] {
  return [...new Set(names)]
}

/** @throws CniError that names the missing rule */
export async function check(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  for (const family of families) {
    const own = addresses.filter(({ address }) => address.family === family)
    if (own.length > 0) expectRules(family, await save({ family }), rulesOf(attachment, own))
  }
}

function expectRules(family: 4 | 6, saved: string[], rules: string[]): void {
  const program = family === 4 ? 'iptables' : 'ip6tables'
  for (const rule of rules) {
    if (!saved.includes(rule))
      throw missing(`${program} has no rule ${rule} in table nat`, `${program}-save -t nat`)
  }
}
