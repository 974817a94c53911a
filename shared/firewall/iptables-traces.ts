/** Finds where iptables may have rules for an attachment. Does not run iptables, since every DEL needs this. */

import type { Attachment } from '../cni/plugin.ts'
import { readFileIfAny } from '../kernel/files.ts'
import { chainUse, tableUse } from '../netlink/nftables-read.ts'
import type { Iptables } from './iptables.ts'
import { netfilter } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

/** A chain in the reference's layout, and the iptables that has it (nft) or may have it (legacy). */
export interface Trace {
  iptables: Iptables
  chain: string
}

const families = [4, 6] as const

/** Where an attachment's chain is or may be. Without an attachment: where any chain may be, with an empty chain name. */
export async function findIptablesTraces(attachment?: Attachment): Promise<Trace[]> {
  const places = [...families.filter(hasNft).map(nft), ...families.filter(hasLegacy).map(legacy)]
  if (places.length === 0) return []
  const chain = attachment ? (await import('./reference-names.ts')).chainName(attachment) : ''
  return places
    .filter((iptables) => iptables.kind === 'legacy' || chain === '' || hasChain(iptables, chain))
    .map((iptables) => ({ iptables, chain }))
}

const nft = (family: 4 | 6): Iptables => ({ family, kind: 'nft' })
const legacy = (family: 4 | 6): Iptables => ({ family, kind: 'legacy' })

/** The table of iptables-nft. */
export function nat(family: 4 | 6) {
  return { family: family === 4 ? 'ip' : 'ip6', name: 'nat' } as const
}

function hasNft(family: 4 | 6): boolean {
  return unlessUnsupported(() => tableUse(netfilter(), nat(family))) !== undefined
}

function hasChain({ family }: Iptables, chain: string): boolean {
  return chainUse(netfilter(), nat(family), chain) !== undefined
}

/** The kernel lists the tables that iptables-legacy uses in this namespace. */
function hasLegacy(family: 4 | 6): boolean {
  const names = readFileIfAny(`/proc/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`) ?? ''
  return names.split('\n').includes('nat')
}
