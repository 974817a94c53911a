/**
 * Which program's rules let containers through, decided in this one place: nftables, unless a chain of iptables is closed, which only
 * iptables can open. The kernel is asked; that a program is installed, or fails, decides nothing.
 */

import { type ClosedIptables, closedIptables, isMixed, type Passage } from './closed-chains.ts'

export type FilterBackEnd = 'nftables' | 'iptables' | 'firewalld'

export interface Decision {
  backEnd: FilterBackEnd
  /** Why not the other ones: a sentence each. */
  rejected: string[]
  /** The chains of iptables that are closed. */
  closed: ClosedIptables[]
}

/**
 * Decides a back end.
 * @param asked by the configuration; undefined: by what the kernel has
 * @param passages where packets must pass
 */
export function decide(asked: FilterBackEnd | undefined, passages: readonly Passage[]): Decision {
  const closed = closedIptables(passages)
  const [first] = closed
  if (asked) return { backEnd: asked, rejected: [`backend is ${asked}`], closed }
  if (!first)
    return { backEnd: 'nftables', rejected: ['iptables: no chain of it drops packets of containers'], closed }
  return {
    backEnd: 'iptables',
    rejected: [`nftables: ${inWords(first)}, and only iptables can open it`],
    closed,
  }
}

/** A closed chain of iptables in words: `FORWARD of iptables-nft has policy DROP`. */
export function inWords({ kind, family, passage, how }: ClosedIptables): string {
  return `${passage} of ${family === 4 ? 'iptables' : 'ip6tables'}-${kind} has ${how}`
}

/** The kinds of iptables that must open a family: those that close it; the system's default when none does. */
export function kindsToOpen(
  closed: readonly ClosedIptables[],
  family: 4 | 6,
): ('nft' | 'legacy' | undefined)[] {
  const kinds = new Set(closed.filter((one) => one.family === family).map(({ kind }) => kind))
  return kinds.size > 0 ? [...kinds] : [undefined]
}

/** Says that both kinds of iptables have rules, which hold side by side; undefined when they do not. */
export function mixture(): string | undefined {
  const families = ([4, 6] as const).filter(isMixed)
  if (families.length === 0) return undefined
  const names = families.map((family) => (family === 4 ? 'iptables' : 'ip6tables')).join(' and ')
  return `${names} of both kinds, nft and legacy, have rules: a packet passes only if both accept it; move the rules to one kind`
}
