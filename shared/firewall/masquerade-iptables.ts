/** Masquerading by iptables, in the layout of the Go reference: a chain for each container, with a jump from POSTROUTING. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError } from '../error/error.ts'
import { families, formatAddress, width } from '../ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../ip/subnet.ts'
import { restore, save } from './iptables.ts'
import { chainsCommented, deletePlanned, withJumps } from './iptables-chains.ts'
import { findIptablesTraces, type Trace } from './iptables-traces.ts'
import { noteUser } from './iptables-users.ts'
import { missing } from './missing.ts'
import { chainName, ruleComment } from './reference-names.ts'

const multicast = { 4: '224.0.0.0/4', 6: 'ff00::/8' }

/** Replaces a container's masqueraded addresses. Runs iptables-restore once per family. @throws CniError */
export async function add(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  await remove(await findIptablesTraces(attachment))
  noteUser(attachment)
  for (const family of families) {
    const own = addresses.filter(({ address }) => address.family === family)
    if (own.length > 0) restore({ family }, [`-N ${chainName(attachment)}`, ...rulesOf(attachment, own)])
  }
}

/** The same where a rule is missing; otherwise changes nothing. @throws CniError */
export async function addMissing(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  try {
    await check(attachment, addresses)
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    await add(attachment, addresses)
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
  for (const { iptables, chain } of traces)
    deletePlanned(iptables, (view) => withJumps(view, chain, 'POSTROUTING'))
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
    const chains = chainsCommented(iptables, 'POSTROUTING', commentPrefix(network))
    const stale = chains.filter((chain) => !kept.has(chain))
    await remove(stale.map((chain) => ({ iptables, chain })))
    collected += stale.length
  }
  return collected
}

/** The first part of the comments of a network's containers. */
function commentPrefix(network: string): string {
  return ruleComment({ network, containerID: '' }).slice(0, -1)
}

function unique(names: string[]): string[] {
  return [...new Set(names)]
}

/** @throws CniError that names the missing rule */
export async function check(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  for (const family of families) {
    const own = addresses.filter(({ address }) => address.family === family)
    if (own.length > 0) expectRules(family, save({ family }), rulesOf(attachment, own))
  }
}

function expectRules(family: 4 | 6, saved: string[], rules: string[]): void {
  const program = family === 4 ? 'iptables' : 'ip6tables'
  for (const rule of rules) {
    if (!saved.includes(rule))
      throw missing(`${program} has no rule ${rule} in table nat`, `${program}-save -t nat`)
  }
}
