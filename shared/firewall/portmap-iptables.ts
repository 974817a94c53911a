/** Host ports by iptables, in the layout of the Go reference: a chain for each container, with rules that lead to it from one for all. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { firstMissing, type Iptables, isInstalled, kindOf, restore, save } from './iptables.ts'
import { chainsCommented, deletePlanned, linesOf, viewOf, withJumps } from './iptables-chains.ts'
import { findIptablesTraces, type Trace } from './iptables-traces.ts'
import { forgetStaleUsers, forgetUser, noteUser } from './iptables-users.ts'
import { missing } from './missing.ts'
import { withoutContainer } from './portmap-iptables-frame.ts'
import { chainsInTheWay, type Refuse, refuseTaken } from './portmap-iptables-holders.ts'
import {
  chainRules,
  entrances,
  hooks,
  type Line,
  markRules,
  masqueradeHook,
  notToOne,
  type PortList,
  parsePortList,
  portChain,
  portLists,
  shared,
  usesMark,
} from './portmap-iptables-rules.ts'
import type { Mapping, PortRules } from './portmap-rules.ts'
import { portComment } from './reference-names.ts'

/** How often an addition is tried: each failure is a change of the same chains by the reference or a DEL without a record. */
const attempts = 10

/**
 * Replaces the host ports of an attachment. Runs iptables-save and iptables-restore once for each family. The caller holds the feature's
 * lock: of two containers that ask for one port at once, one gets it. After a failure call `remove`.
 * @param rules of one attachment, an entry for each family
 * @throws CniError, or what `refuse` throws
 */
export async function add(rules: PortRules[], refuse: Refuse = refuseTaken): Promise<void> {
  const [first] = rules
  if (!first) return
  await remove(first.attachment)
  await addTo(first.attachment, rules, refuse)
}

/**
 * Adds the families of which a rule is missing, each by one transaction; the container's chain is made anew there.
 * @returns whether anything was missing @throws as `add`
 */
export async function addMissing(rules: PortRules[], refuse: Refuse): Promise<boolean> {
  const lacking = rules.filter(lacksRules)
  const [first] = lacking
  if (first) await addTo(first.attachment, lacking, refuse)
  return first !== undefined
}

function lacksRules(rules: PortRules): boolean {
  try {
    checkFamily({ family: rules.address.address.family }, rules)
    return false
  } catch (error) {
    if (error instanceof CniError) return true
    throw error
  }
}

async function addTo(attachment: Attachment, rules: PortRules[], refuse: Refuse): Promise<void> {
  noteUser(attachment, 'portmap')
  const inUse = (await findIptablesTraces(undefined, 'portmap')).map(({ iptables }) => iptables)
  for (const one of rules)
    addFamily(
      one,
      refuse,
      inUse.filter(({ family }) => family === one.address.address.family),
    )
}

/** @param inUse the kinds of iptables that have a table */
function addFamily(rules: PortRules, refuse: Refuse, inUse: Iptables[]): void {
  const iptables = { family: rules.address.address.family }
  const saved = save(iptables)
  for (const other of inUse) if (other.kind !== kindOf(saved)) clear(other, rules, refuse)
  const plan = () => additionOf(save(iptables), rules, refuse)
  let lines = additionOf(saved, rules, refuse)
  for (let left = attempts; ; left--) {
    try {
      restore(iptables, lines)
      return
    } catch (error) {
      const next = plan()
      if (left === 0 || next.join('\n') === lines.join('\n')) throw error
      lines = next
    }
  }
}

/** Removes containers that have ended and still have one of the ports in a kind of iptables. @throws what `refuse` throws */
export function clear(iptables: Iptables, rules: PortRules, refuse: Refuse): void {
  const chains = chainsInTheWay(saveIfReadable(iptables), rules, refuse)
  removeTraces(chains.map((chain) => ({ iptables, chain })))
}

/** The other kind of iptables may refuse a table that `nft` has written to: then nothing of ours is looked for in it. */
function saveIfReadable(iptables: Iptables): string[] {
  try {
    return isInstalled(iptables) ? save(iptables) : []
  } catch (error) {
    if (error instanceof CniError) return []
    throw error
  }
}

/** The lines for iptables-restore: what of the shared chains is missing, the container's chain, and last what leads to it. */
function additionOf(saved: string[], rules: PortRules, refuse: Refuse): string[] {
  requireExternalChain(saved, rules)
  const view = viewOf(saved)
  const own = portChain(rules.attachment)
  const obsolete = [own, ...chainsInTheWay(saved, rules, refuse)]
  const has = ({ chain, words }: Line) => view.rulesOf(chain).some(({ line }) => line.endsWith(endOf(words)))
  const missing = (...lines: Line[]) => lines.filter((line) => !has(line)).map(appended)
  const chains = [shared.dnat, ...(usesMark(rules) ? [shared.mark, shared.masquerade] : [])]
  return [
    ...obsolete.flatMap((chain) => linesOf(saved, (view) => withJumps(view, chain, shared.dnat))),
    ...chains.filter((chain) => !view.has(chain)).map((chain) => `-N ${chain}`),
    ...(usesMark(rules) ? missing(...markRules(rules)) : []),
    ...(usesMark(rules) ? missing(masqueradeHook).map((line) => line.replace('-A', '-I')) : []),
    ...missing(...hooks),
    `-N ${own}`,
    ...[...notToOne(rules), ...chainRules(rules), ...entrances(rules, portLists(rules.mappings))].map(
      appended,
    ),
  ]
}

function appended({ chain, words }: Line): string {
  return `-A ${chain} ${words}`
}

/** What `iptables-save` prints at the end of a shared rule: the target with its options, and the mark before MASQUERADE. */
function endOf(words: string): string {
  return words.slice(words.search(/--mark|-j/))
}

function requireExternalChain(saved: string[], { externalSetMarkChain: chain }: PortRules): void {
  if (chain === undefined || viewOf(saved).has(chain)) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `iptables has no chain ${chain} in table nat, which externalSetMarkChain names`,
    hint: 'start the program that makes it before the first container, or leave externalSetMarkChain out',
    see: 'iptables-save -t nat',
  })
}

/** Removes the host ports of a container in a network, and with the last container what all share. Does nothing when there are none. */
export async function remove(attachment: Attachment): Promise<void> {
  removeTraces(await findIptablesTraces(attachment, 'portmap'))
  forgetUser(attachment, 'portmap')
}

function removeTraces(traces: Trace[]): void {
  for (const { iptables, chain } of traces) deletePlanned(iptables, withoutContainer(chain))
}

/** Whether iptables has or may have host ports of an attachment: for CHECK and DEL, which do not know the back end of ADD. */
export async function has(attachment: Attachment): Promise<boolean> {
  return (await findIptablesTraces(attachment, 'portmap')).length > 0
}

/** GC: removes the host ports of a network's containers that are not valid any more. @returns how many chains */
export async function collect(network: string, valid: Omit<Attachment, 'network'>[]): Promise<number> {
  const kept = new Set(valid.map(({ containerID }) => portChain({ network, containerID })))
  const beginning = portComment({ network, containerID: '' }).slice(0, -1)
  let collected = 0
  for (const { iptables } of await findIptablesTraces(undefined, 'portmap')) {
    const chains = chainsCommented(iptables, shared.dnat, beginning).filter((chain) => !kept.has(chain))
    removeTraces(chains.map((chain) => ({ iptables, chain })))
    collected += chains.length
  }
  forgetStaleUsers(network, valid, 'portmap')
  return collected
}

/** Runs iptables-save and iptables-restore once for each family; changes nothing. @throws CniError that names the missing rule */
export async function check(rules: PortRules[]): Promise<void> {
  for (const one of rules) checkFamily({ family: one.address.address.family }, one)
}

function checkFamily(iptables: Iptables, rules: PortRules): void {
  const program = iptables.family === 4 ? 'iptables' : 'ip6tables'
  const see = `${program}-save -t nat`
  const view = viewOf(save(iptables))
  const marks = usesMark(rules) ? [masqueradeHook, ...markRules(rules)] : []
  const lines = [...hooks, ...marks, ...chainRules(rules), ...entrances(rules, listsNow(view, rules))]
  const lost = [...new Set(lines.map(({ chain }) => chain))].find((chain) => !view.has(chain))
  if (lost) throw missing(`${program} has no chain ${lost} in table nat`, see)
  const rule = firstMissing(
    iptables,
    unlessSaved(view, lines).map(({ chain, words }) => `${chain} ${words}`),
  )
  if (rule) throw missing(`${program} has no rule -A ${rule} in table nat`, see)
}

/** Lines that `iptables-save` did not print in the same words: iptables compares each with all rules of its chain, which takes seconds for thousands. */
function unlessSaved(view: ReturnType<typeof viewOf>, lines: Line[]): Line[] {
  const chains = [...new Set(lines.map(({ chain }) => chain))]
  const saved = new Set(chains.flatMap((chain) => view.rulesOf(chain).map(({ line }) => inOrder(line))))
  return lines.filter((line) => !saved.has(inOrder(appended(line))))
}

/** A rule with its options in one order, without what iptables adds by itself. */
function inOrder(line: string): string {
  const short = line
    .replace(/ -m (tcp|udp|sctp)(?= )/g, '')
    .replace(/\/(32|128)(?= |$)| -s (0\.0\.0\.0|::)\/0(?= )/g, '')
  return short
    .split(/ (?=-)/)
    .sort()
    .join(' ')
}

/**
 * The ports as the rules have them that lead to the container's chain now, and those that none has. The reference lists those of
 * mappings in another family, too.
 */
function listsNow(view: ReturnType<typeof viewOf>, { attachment, mappings }: PortRules): PortList[] {
  const own = view.rulesOf(shared.dnat).filter(({ leadsTo }) => leadsTo === portChain(attachment))
  const now = own.map(({ line }) => parsePortList(line))
  const listed = new Set(now.flatMap(({ protocol, ports }) => ports.map((port) => `${protocol} ${port}`)))
  const isListed = ({ protocol, hostPort }: Mapping) => listed.has(`${protocol} ${hostPort}`)
  return [...now, ...portLists(mappings.filter((mapping) => !isListed(mapping)))]
}
