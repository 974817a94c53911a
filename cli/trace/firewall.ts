/** A packet at a hook of netfilter: the chains of all programs in the order of their priorities, conntrack and its translations between them. */

import { formatAddress } from '../../shared/ip/address.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { readXtable } from '../../shared/kernel/xtables.ts'
import { type Netns, shownBy } from './netns.ts'
import type { Packet } from './packet.ts'
import { judge } from './rules.ts'
import { type BaseChain, type Ruleset, rulesetOf, showChain } from './ruleset.ts'
import { type Flow, type Hook, hookNumbers, type Situation } from './situation.ts'
import { type End, isEnd, note, type Trace } from './trace.ts'

/** NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC, include/uapi/linux/netfilter_ipv4.h. */
const [CONNTRACK, NAT_DST, NAT_SRC] = [-200, -100, 100]

/** What happens at a hook, at a priority. */
interface Stage {
  priority: number
  pass(situation: Situation): Situation | End
}

/** @returns the packet as it leaves the hook, or why it does not */
export function passHook(trace: Trace, situation: Omit<Situation, 'flow'>): { packet: Packet } | End {
  const { netns, hook } = situation
  const rules = rulesFor(trace, netns)
  if (rules && isEnd(rules)) return rules
  const flow = trace.flows.get(netns.inode)
  const isFirst = hook === 'prerouting' || hook === 'output'
  let now: Situation = { ...situation, flow: isFirst ? undefined : flow }
  for (const stage of stagesOf(trace, rules, situation)) {
    const next = stage.pass(now)
    if (isEnd(next)) return next
    now = next
  }
  return legacyEnd(trace, netns, hook) ?? { packet: now.packet }
}

/** The same for a frame that a bridge passes: chains of the family bridge. */
export function passBridgeHook(trace: Trace, situation: Omit<Situation, 'flow'>): End | undefined {
  const rules = rulesFor(trace, situation.netns)
  if (!rules || isEnd(rules)) return rules
  const bases = basesAt(rules, situation.hook, ['bridge'])
  for (const base of bases) {
    const passed = passChain(trace, rules, base, {
      ...situation,
      flow: trace.flows.get(situation.netns.inode),
    })
    if (isEnd(passed)) return passed
  }
  return undefined
}

/** The rules of a namespace, read once. */
export function rulesFor(trace: Trace, netns: Netns): Ruleset | End | undefined {
  if (trace.rulesets.has(netns.inode)) return trace.rulesets.get(netns.inode)
  try {
    const rules = rulesetOf(netns)
    trace.rulesets.set(netns.inode, rules)
    return rules
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EACCES')) throw error
    return {
      verdict: 'unknown',
      netns,
      why: 'its nftables rules can be read by root only',
      command: 'nft list ruleset',
    }
  }
}

function basesAt(rules: Ruleset | undefined, hook: Hook, families: readonly string[]): BaseChain[] {
  const here = rules?.bases.filter(
    ({ hook: number, table }) => number === hookNumbers[hook] && families.includes(table.family),
  )
  return (here ?? []).sort((one, other) => one.priority - other.priority)
}

function stagesOf(
  trace: Trace,
  rules: Ruleset | undefined,
  { hook, packet }: Omit<Situation, 'flow'>,
): Stage[] {
  const bases = basesAt(rules, hook, ['inet', packet.family === 4 ? 'ip' : 'ip6'])
  const filters = bases.filter(({ type }) => type !== 'nat')
  const translators = bases.filter(({ type }) => type === 'nat')
  const stages: Stage[] = filters.map((base) => ({
    priority: base.priority,
    pass: (situation) => passChain(trace, rules as Ruleset, base, situation),
  }))
  if (hook === 'prerouting' || hook === 'output')
    stages.push({
      priority: CONNTRACK,
      pass: (situation) => ({ ...situation, flow: track(trace, situation) }),
    })
  if (hook !== 'forward')
    stages.push({
      priority: hook === 'prerouting' || hook === 'output' ? NAT_DST : NAT_SRC,
      pass: (situation) => translate(trace, rules, translators, situation),
    })
  return stages.sort((one, other) => one.priority - other.priority)
}

/** Conntrack remembers the first packet of a connection as it came. */
function track(trace: Trace, { netns, packet }: Situation): Flow | undefined {
  if (packet.isUntracked) return undefined
  const known = trace.flows.get(netns.inode)
  if (known || packet.isReply) return known
  const flow = { original: packet, translated: packet }
  trace.flows.set(netns.inode, flow)
  return flow
}

function passChain(trace: Trace, rules: Ruleset, base: BaseChain, situation: Situation): Situation | End {
  const judged = judge(rules, base, situation)
  const { netns, hook } = situation
  const chain = `nftables ${base.table.family} ${base.table.name} ${base.name}`
  if (judged.kind === 'accept') {
    note(trace, netns, 'firewall', `${hook}: ${chain} lets it pass`, showChain(netns, chain))
    return { ...situation, packet: judged.packet }
  }
  const command = showChain(netns, judged.where)
  if (judged.kind === 'unknown')
    return { verdict: 'unknown', netns, why: `${judged.where} at ${hook}: ${judged.why}`, command }
  return { verdict: 'dropped', netns, why: `${judged.where}: ${judged.how}, at ${hook}`, command }
}

/** The first packet of a connection goes through the chains of type nat until one translates it; an answer is translated back. */
function translate(
  trace: Trace,
  rules: Ruleset | undefined,
  bases: readonly BaseChain[],
  situation: Situation,
): Situation | End {
  const { netns, packet, flow } = situation
  if (!flow || packet.isUntracked) return situation
  if (packet.isReply) return { ...situation, packet: translatedBack(trace, situation, flow) }
  for (const base of bases) {
    const judged = judge(rules as Ruleset, base, situation)
    if (judged.kind !== 'accept') {
      const passed = passChain(trace, rules as Ruleset, base, situation)
      if (isEnd(passed)) return passed
    } else if (judged.by !== undefined) {
      trace.flows.set(netns.inode, { ...flow, translated: judged.packet })
      note(
        trace,
        netns,
        'translation',
        `${changeOf(packet, judged.packet)} by ${judged.by}`,
        showChain(netns, judged.by),
      )
      return { ...situation, packet: judged.packet, flow: { ...flow, translated: judged.packet } }
    }
  }
  return situation
}

/** At the hooks for destinations the source's translation is reversed, at the others that of the destination (nf_nat_packet). */
function translatedBack(
  trace: Trace,
  { netns, hook, packet }: Situation,
  { original, translated }: Flow,
): Packet {
  const isDestination = hook === 'prerouting' || hook === 'output'
  const back: Packet = isDestination
    ? { ...packet, destination: original.source, destinationPort: original.sourcePort }
    : { ...packet, source: original.destination, sourcePort: original.destinationPort }
  const end = isDestination ? 'source' : 'destination'
  const isSame = original[end].value === translated[end].value
  if (isSame && original[`${end}Port`] === translated[`${end}Port`]) return packet
  note(trace, netns, 'translation', `${changeOf(packet, back)} by conntrack`, shownBy(netns, 'conntrack -L'))
  return back
}

function changeOf(before: Packet, after: Packet): string {
  const tell = ({ family, ...packet }: Packet, end: 'source' | 'destination') => {
    const port = packet[`${end}Port`]
    const address = formatAddress(packet[end])
    if (port === undefined) return address
    return family === 6 ? `[${address}]:${port}` : `${address}:${port}`
  }
  const changed = (['source', 'destination'] as const).filter((end) => tell(before, end) !== tell(after, end))
  return (
    changed.map((end) => `${end} ${tell(before, end)} becomes ${tell(after, end)}`).join(', ') ||
    'nothing changes'
  )
}

const legacyTables: Readonly<Record<Hook, readonly string[]>> = {
  prerouting: ['raw', 'mangle', 'nat'],
  input: ['mangle', 'filter'],
  forward: ['mangle', 'filter'],
  output: ['raw', 'mangle', 'nat', 'filter'],
  postrouting: ['mangle', 'nat'],
}

/** iptables-legacy's rules are not evaluated: only whether a chain has any, and its policy. */
function legacyEnd({ family }: Trace, netns: Netns, hook: Hook): End | undefined {
  const program = family === 4 ? 'iptables-legacy' : 'ip6tables-legacy'
  for (const name of legacyTables[hook]) {
    const table = inNamespace(netns.namespace, () => readXtable(family, name))
    if (!table) continue
    const command = shownBy(netns, `${program}-save -t ${name}`)
    const chain = `${program} ${name} ${hook.toUpperCase()}`
    if (table.hasRules(hookNumbers[hook]))
      return { verdict: 'unknown', netns, why: `${chain} has rules, which are not read`, command }
    const isFilter = name === 'filter' && (hook === 'input' || hook === 'forward')
    const closing = isFilter ? table.closing(hook === 'input' ? 'INPUT' : 'FORWARD') : undefined
    if (closing) return { verdict: 'dropped', netns, why: `${chain}: ${closing}`, command }
  }
  return undefined
}
