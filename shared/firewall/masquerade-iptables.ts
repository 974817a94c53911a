/** Masquerading by iptables, in the layout of the Go reference: a chain for each container, entered from POSTROUTING. */

import type { Attachment } from '../cni/plugin.ts'
import { formatAddress, width } from '../ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../ip/subnet.ts'
import { type Iptables, isInstalled, restore, save } from './iptables.ts'
import type { Trace } from './iptables-traces.ts'
import { missing } from './missing.ts'
import { chainName, ruleComment } from './reference-names.ts'

const families = [4, 6] as const
const multicast = { 4: '224.0.0.0/4', 6: 'ff00::/8' }

/** Masquerades what comes from these addresses; one run for each family. @throws CniError */
export async function add(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  for (const family of families) {
    const own = addresses.filter(({ address }) => address.family === family)
    if (own.length > 0) await replace({ family }, chainName(attachment), rulesOf(attachment, own))
  }
}

/** A chain that is there already is a remainder: away with it, and once more. */
async function replace(iptables: Iptables, chain: string, rules: string[]): Promise<void> {
  try {
    await restore(iptables, [`-N ${chain}`, ...rules])
  } catch (error) {
    const leftover = removal(await save(iptables), chain)
    if (leftover.length === 0) throw error
    await restore(iptables, [...leftover, `-N ${chain}`, ...rules])
  }
}

/** First the subnets that are left alone, then all the rest; the entries last, when everything is there to be entered. */
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
  return [...new Set(addresses.map((cidr) => formatCidr(subnetOf(cidr))))]
}

/** A whole address, as `iptables-save` prints it. */
function source({ address }: Cidr): string {
  return `${formatAddress(address)}/${width(address.family)}`
}

/** The lines that remove a chain and what enters it, from the lines of `iptables-save`; none when there is no such chain. */
function removal(saved: string[], chain: string): string[] {
  if (!saved.some((line) => line.startsWith(`:${chain} `))) return []
  const entries = saved.filter((line) => line.startsWith('-A ') && line.endsWith(` -j ${chain}`))
  return [...entries.map((line) => line.replace('-A', '-D')), `-F ${chain}`, `-X ${chain}`]
}

/** Removes chains from where they were seen. */
export async function remove(traces: Trace[]): Promise<void> {
  for (const { iptables, chain } of traces.filter(isReadable))
    await removeChains(iptables, (saved) => removal(saved, chain))
}

/** The legacy kind's trace is only a maybe: where its program is not installed, no plugin can have used it. */
function isReadable({ iptables }: Trace): boolean {
  return iptables.kind === 'nft' || isInstalled(iptables)
}

/** If it fails, and somebody else has removed the same meanwhile, all is well. */
async function removeChains(iptables: Iptables, select: (saved: string[]) => string[]): Promise<void> {
  const lines = select(await save(iptables))
  if (lines.length === 0) return
  try {
    await restore(iptables, lines)
  } catch (error) {
    if (select(await save(iptables)).length > 0) throw error
  }
}

/** Removes the chains of those containers of a network that have no valid attachment. @returns how many */
export async function collect(
  network: string,
  valid: { containerID: string }[],
  traces: Trace[],
): Promise<number> {
  const kept = new Set(valid.map(({ containerID }) => chainName({ network, containerID })))
  let collected = 0
  for (const { iptables } of traces.filter(isReadable)) {
    await removeChains(iptables, (saved) => {
      const stale = chainsOf(network, saved).filter((chain) => !kept.has(chain))
      collected += stale.length
      return stale.flatMap((chain) => removal(saved, chain))
    })
  }
  return collected
}

/** The chains of a network's containers, known by the comment on what enters them. */
function chainsOf(network: string, saved: string[]): string[] {
  const comment = JSON.stringify(ruleComment({ network, containerID: '' })).slice(0, -3)
  const entries = saved.filter((line) => line.startsWith('-A POSTROUTING ') && line.includes(comment))
  return [...new Set(entries.flatMap((line) => / -j (CNI-[0-9a-f]+)$/.exec(line)?.[1] ?? []))]
}

/** @throws CniError naming what is missing of what `add` did */
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
