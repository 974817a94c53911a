/** Whether a base chain of nf_tables is sure to end a packet: no rule that may hold for it accepts it. */

import type { Table } from '../../../shared/netlink/nftables.ts'
import type { Chain } from '../../../shared/netlink/nftables-chains.ts'
import { listRules, type Rule } from '../../../shared/netlink/nftables-read.ts'
import type { Socket } from '../../../shared/netlink/socket.ts'
import type { Verdict } from './outcome.ts'
import type { Packet } from './packet.ts'
import { outcomeOf } from './rule.ts'

/** What may become of a packet in a chain. */
type End = 'accept' | 'drop' | 'on'

/** Deeper, or of more rules, it is not known: NFT_JUMP_STACK_SIZE is 16 in the kernel, too. */
const [deepest, mostRules] = [16, 20_000]

interface Walk {
  socket: Socket
  table: Table
  packet: Packet
  rules: Map<string, readonly Rule[]>
  left: number
}

/** Whether the chain drops or rejects the packet, whatever of it is not known. @throws KernelError */
export function isSureToDrop(socket: Socket, { table, name, drops }: Chain, packet: Packet): boolean {
  if (table.family !== 'inet' && table.family !== (packet.family === 4 ? 'ip' : 'ip6')) return false
  const ends = endsOf({ socket, table, packet, rules: new Map(), left: mostRules }, name, 0)
  return !ends.has('accept') && (drops || !ends.has('on'))
}

function endsOf(walk: Walk, chain: string, depth: number): Set<End> {
  const ends = new Set<End>()
  for (const rule of rulesOf(walk, chain)) {
    if (depth > deepest || walk.left-- <= 0) return new Set<End>(['accept', 'drop', 'on'])
    const { holds, verdicts } = outcomeOf(walk.socket, walk.table, rule, walk.packet)
    if (holds === 'no') continue
    const { goesOn, returns } = followed(walk, verdicts, depth, ends)
    if (returns) ends.add('on')
    if (holds === 'yes' && !goesOn) return ends
  }
  return ends.add('on')
}

/** Adds where verdicts lead. @returns whether the next rule of the chain may follow, and whether the chain may be left before its end */
function followed(walk: Walk, verdicts: readonly Verdict[], depth: number, ends: Set<End>) {
  let [goesOn, returns] = [false, false]
  for (const verdict of verdicts) {
    if (verdict.kind === 'continue') goesOn = true
    else if (verdict.kind === 'return') returns = true
    else if (verdict.kind === 'jump' || verdict.kind === 'goto') {
      const there = endsOf(walk, verdict.chain, depth + 1)
      for (const end of there) if (end !== 'on') ends.add(end)
      if (there.has('on') && verdict.kind === 'jump') goesOn = true
      if (there.has('on') && verdict.kind === 'goto') returns = true
    } else ends.add(verdict.kind)
  }
  return { goesOn, returns }
}

function rulesOf(walk: Walk, chain: string): readonly Rule[] {
  const known = walk.rules.get(chain)
  if (known) return known
  const rules = listRules(walk.socket, walk.table, chain)
  walk.rules.set(chain, rules)
  return rules
}
