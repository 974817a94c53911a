/** Finds where iptables may have rules for an attachment. Does not run iptables, since every DEL needs this. */

import type { Attachment } from '../cni/plugin.ts'
import { families } from '../ip/address.ts'
import { isErrno } from '../kernel/errno.ts'
import { readFileIfAny } from '../kernel/files.ts'
import { chainUse, tableUse } from '../netlink/nftables-read.ts'
import type { Iptables } from './iptables.ts'
import { type Feature, isUser } from './iptables-users.ts'
import { netfilter } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

/** A chain in the reference's layout, and the iptables that has it (nft) or may have it (legacy). */
export interface Trace {
  iptables: Iptables
  chain: string
}

/** Where an attachment's chain is or may be. Without an attachment: where any chain may be, with an empty chain name. */
export async function findIptablesTraces(
  attachment?: Attachment,
  feature: Feature = 'masquerade',
): Promise<Trace[]> {
  const mayHaveLegacy = (family: 4 | 6) => hasLegacy(family) ?? isUser(attachment, feature)
  const places = [...families.filter(hasNft).map(nft), ...families.filter(mayHaveLegacy).map(legacy)]
  if (places.length === 0) return []
  const chain = attachment
    ? (await import('./reference-names.ts')).chainName(attachment, prefixes[feature])
    : ''
  return places
    .filter((iptables) => iptables.kind === 'legacy' || chain === '' || hasChain(iptables, chain))
    .map((iptables) => ({ iptables, chain }))
}

/** What begins the name of a container's chain. */
const prefixes: Record<Feature, string> = { masquerade: '', portmap: 'DN-' }

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

/**
 * The kernel lists the tables that iptables-legacy uses in this namespace. The list belongs to the root of the machine if the
 * namespace was made together with its user namespace, whose root cannot read it (xt_proto_init, net/netfilter/x_tables.c).
 * @returns undefined when it cannot be read
 */
function hasLegacy(family: 4 | 6): boolean | undefined {
  try {
    const names = readFileIfAny(`/proc/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`) ?? ''
    return names.split('\n').includes('nat')
  } catch (error) {
    if (isErrno(error, 'EACCES')) return undefined
    throw error
  }
}
