/**
 * The Go reference's masquerade by nftables, which its version 1.5 brought: a rule for each address, whose comment names the
 * attachment. Patchbay adds none, but checks and removes them (pkg/ip/ipmasq_nftables_linux.go of the reference).
 */

import type { Attachment } from '../cni/plugin.ts'
import { formatAddress, toBytes } from '../ip/address.ts'
import type { Cidr } from '../ip/subnet.ts'
import { deleteRule, place } from '../netlink/nftables.ts'
import { comparedWith, listRules, type Rule } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { missing } from './missing.ts'
import { checks, table } from './reference-masquerade-trace.ts'
import { attachmentTag, networkTag } from './reference-names.ts'
import { chunks, netfilter } from './table.ts'

/** The base chain, which leads to the other. */
const postrouting = 'postrouting'

export function has(attachment: Attachment): boolean {
  return rulesWith(attachmentTag(attachment)).length > 0
}

/** @throws CniError that names the missing rule */
export function check(attachment: Attachment, addresses: Cidr[]): void {
  const masqueraded = rulesWith(attachmentTag(attachment)).flatMap(comparedWith)
  for (const { address } of addresses)
    if (!masqueraded.some((value) => value.equals(toBytes(address))))
      throw noRule(checks, `for ${formatAddress(address)}`)
  if (!listRules(netfilter(), table, postrouting).some(({ leadsTo }) => leadsTo === checks))
    throw noRule(postrouting, `that leads to ${checks}`)
}

function noRule(chain: string, which: string) {
  const where = `${place(table)} ${chain}`
  return missing(`the reference's chain ${where} has no rule ${which}`, `nft list chain ${where}`)
}

export function remove(attachment: Attachment): void {
  removeRules(() => rulesWith(attachmentTag(attachment)))
}

/** GC: removes the rules of a network's attachments that are no longer valid. @returns how many */
export function collect(network: string, valid: Omit<Attachment, 'network'>[]): number {
  const kept = valid.map((one) => attachmentTag({ network, ...one }))
  const stale = () =>
    rulesWith(networkTag(network)).filter(({ comment }) => !kept.some((tag) => comment?.startsWith(tag)))
  const parts = chunks(stale())
  return parts.reduce((sum, { length }) => sum + removeRules(() => stale().slice(0, length)), 0)
}

/** The rules for addresses whose comment begins with a tag. */
function rulesWith(tag: string): Rule[] {
  return listRules(netfilter(), table, checks).filter(({ comment }) => comment?.startsWith(tag))
}

/** @returns how many */
function removeRules(find: () => Rule[]): number {
  let count = 0
  update(netfilter(), () => {
    const rules = find()
    count = rules.length
    return rules.map(({ handle }) => deleteRule(table, checks, handle))
  })
  return count
}
