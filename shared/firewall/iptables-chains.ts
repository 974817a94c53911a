/**
 * Chains of iptables with the jumps to them, looked at and deleted: those of iptables-nft over netlink, since the program may be missing
 * or refuse a table with rules of nft, those of iptables-legacy by the program.
 */

import { deleteChain, deleteRule } from '../netlink/nftables.ts'
import { chainUse, listRules, type Rule } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { type Iptables, isInstalled, restore, save } from './iptables.ts'
import { nat } from './iptables-traces.ts'
import { netfilter } from './table.ts'

/** A rule, and the chain that it leads to, if any. */
export interface Seen {
  leadsTo?: string | undefined
}

/** What there is in table nat. */
export interface View<R extends Seen> {
  has(chain: string): boolean
  rulesOf(chain: string): R[]
  /** How many rules lead to a chain from others than these. */
  othersTo(chain: string, from: string[]): number
}

/** Rules and then chains to delete. */
export interface Deletion<R extends Seen> {
  rules: { chain: string; rule: R }[]
  chains: string[]
}

export type Plan = <R extends Seen>(view: View<R>) => Deletion<R>

/** The deletion of a chain, with the jumps to it from another one; of nothing when it does not exist. */
export function withJumps<R extends Seen>(view: View<R>, chain: string, from: string): Deletion<R> {
  return view.has(chain) ? { rules: jumps(view, chain, from), chains: [chain] } : { rules: [], chains: [] }
}

export function jumps<R extends Seen>(view: View<R>, chain: string, from: string): Deletion<R>['rules'] {
  return view
    .rulesOf(from)
    .filter(({ leadsTo }) => leadsTo === chain)
    .map((rule) => ({ chain: from, rule }))
}

/** Deletes what `plan` returns, atomically. @throws KernelError, CniError */
export function deletePlanned(iptables: Iptables, plan: Plan): void {
  if (iptables.kind === 'nft') deleteByNetlink(iptables, plan)
  else if (isInstalled(iptables)) deleteByProgram(iptables, plan)
}

function deleteByNetlink({ family }: Iptables, plan: Plan): void {
  const table = nat(family)
  update(netfilter(), () => {
    const { rules, chains } = plan(viewByNetlink(family))
    return [
      ...rules.map(({ chain, rule }) => deleteRule(table, chain, rule.handle)),
      ...chains.map((chain) => deleteChain(table, chain)),
    ]
  })
}

function viewByNetlink(family: 4 | 6): View<Rule> {
  const rulesOf = (chain: string) => listRules(netfilter(), nat(family), chain)
  const use = (chain: string) => chainUse(netfilter(), nat(family), chain)
  const countTo = (chain: string, from: string) =>
    rulesOf(from).filter(({ leadsTo }) => leadsTo === chain).length
  return {
    has: (chain) => use(chain) !== undefined,
    rulesOf,
    othersTo: (chain, from) =>
      from.reduce((left, one) => left - countTo(chain, one), (use(chain) ?? 0) - rulesOf(chain).length),
  }
}

/** A failure is ignored when another process has removed the same meanwhile. */
function deleteByProgram(iptables: Iptables, plan: Plan): void {
  const lines = linesOf(save(iptables), plan)
  if (lines.length === 0) return
  try {
    restore(iptables, lines)
  } catch (error) {
    if (linesOf(save(iptables), plan).length > 0) throw error
  }
}

/** The lines for iptables-restore. @param saved what `iptables-save` printed */
export function linesOf(saved: string[], plan: Plan): string[] {
  const { rules, chains } = plan(viewOf(saved))
  return [
    ...rules.map(({ rule }) => rule.line.replace('-A', '-D')),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
  ]
}

interface SavedRule extends Seen {
  line: string
}

/** What `iptables-save` printed of a table. */
export function viewOf(saved: string[]): View<SavedRule> {
  const rules = new Map<string, SavedRule[]>()
  for (const line of saved) {
    const [, declared] = /^:(\S+) /.exec(line) ?? []
    if (declared) rules.set(declared, [])
    const [, chain = ''] = /^-A (\S+) /.exec(line) ?? []
    rules.get(chain)?.push({ line, leadsTo: leadsTo(line) })
  }
  return {
    has: (chain) => rules.has(chain),
    rulesOf: (chain) => rules.get(chain) ?? [],
    othersTo: (chain, from) =>
      [...rules].reduce(
        (sum, [one, own]) =>
          from.includes(one) ? sum : sum + own.filter((rule) => rule.leadsTo === chain).length,
        0,
      ),
  }
}

/** The last words of a rule that leads to a chain; those of a rule with another target may be its options. */
function leadsTo(line: string): string | undefined {
  return / -[jg] (\S+)$/.exec(line)?.[1]
}

/**
 * The chains that rules of another one lead to, of which the comment begins so.
 * @param from the chain with these rules
 */
export function chainsCommented(iptables: Iptables, from: string, comment: string): string[] {
  const found =
    iptables.kind === 'nft' ? byNetlink(iptables, from, comment) : byProgram(iptables, from, comment)
  return [...new Set(found)]
}

/** iptables stores a comment in different attributes of a rule, so all of them are searched. */
function byNetlink({ family }: Iptables, from: string, comment: string): string[] {
  const part = Buffer.from(comment)
  const rules = listRules(netfilter(), nat(family), from)
  return rules.filter(({ attributes }) => contains(attributes, part)).flatMap(({ leadsTo }) => leadsTo ?? [])
}

function contains(bytes: Buffer, part: Buffer): boolean {
  const [first = 0] = part
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1))
    if (bytes.subarray(at, at + part.length).equals(part)) return true
  return false
}

function byProgram(iptables: Iptables, from: string, comment: string): string[] {
  if (!isInstalled(iptables)) return []
  const words = JSON.stringify(comment).slice(0, -1)
  const rules = viewOf(save(iptables)).rulesOf(from)
  return rules.filter(({ line }) => line.includes(words)).flatMap(({ leadsTo }) => leadsTo ?? [])
}
