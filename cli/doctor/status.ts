/** Puts together what `status` shows: facts, and for each topic whether doctor has found something. */

import { formatAge } from '../../shared/ipam/host-local/exhausted.ts'
import { faults } from './faults.ts'
import { examine } from './frame/examine.ts'
import type { Found, View } from './frame/fault.ts'
import {
  attachmentFacts,
  executableFacts,
  firewallFacts,
  kernelFacts,
  leaseFacts,
  linkFacts,
  listFacts,
  pluginFacts,
  rangeFacts,
  runtimeFacts,
  type Status,
  stateFacts,
} from './node-facts.ts'
import { type Topic, topicOf } from './topics.ts'

type Line = Status['lines'][number]
type State = Line['state']

/** The worst first. */
const states: readonly State[] = ['error', 'warning', 'leak', 'unseen', 'ok']

/** Looks at the node. What it may not see is told to the view. @throws nothing that a fault or a fact throws */
export async function lookAtNode(view: View, progress: (text: string) => void): Promise<Status> {
  const found = await examine(faults, view, progress)
  const unseen = new Set<Topic>()
  const look = <T>(topic: Topic, facts: () => T, instead: T): T => {
    try {
      return facts()
    } catch {
      unseen.add(topic)
      return instead
    }
  }
  const facts = {
    executable: executableFacts(),
    runtimes: look('runtime', () => runtimeFacts(view), []),
    lists: look('lists', () => listFacts(view), []),
    plugins: look('plugins', () => pluginFacts(view), []),
    kernel: kernelFacts(),
    firewall: look('firewall', firewallFacts, null),
    links: look('links', () => linkFacts(view), { total: 0, ofContainers: 0 }),
    state: look('state', stateFacts, []),
    ranges: look('ranges', () => rangeFacts(view), []),
    leases: look('leases', leaseFacts, null),
    attachments: look('attachments', () => attachmentFacts(view), { live: 0, ended: 0, unknown: 0 }),
    findings: countsOf(found),
  }
  const lines = linesOf(facts, found, unseen)
  return {
    worst: states.find((state) => lines.some((line) => line.state === state)) ?? 'ok',
    lines,
    ...facts,
  }
}

function countsOf(found: readonly Found[]): Status['findings'] {
  const counts = { error: 0, warning: 0, leak: 0 }
  for (const { severity } of found) counts[severity]++
  return counts
}

type Facts = Omit<Status, 'lines' | 'worst'>

function linesOf(facts: Facts, found: readonly Found[], unseen: ReadonlySet<Topic>): Line[] {
  const line = (topic: Topic, text: string): Line => {
    const own = found.filter(({ fault }) => topicOf(fault) === topic)
    const state = states.find((one) => own.some(({ severity }) => severity === one)) ?? 'ok'
    const first = own.find(({ severity }) => severity === state)
    if (first) return { subject: topic, state, text: faultIn(first, own.length), remedy: remedyOf(own) }
    return unseen.has(topic)
      ? { subject: topic, state: 'unseen', text: 'this process may not look', remedy: '' }
      : { subject: topic, state: 'ok', text, remedy: '' }
  }
  const { engine, version, architecture } = facts.executable
  return [
    { subject: 'patchbay', state: 'ok', text: `${version}, engine ${engine}, ${architecture}`, remedy: '' },
    line('runtime', runtimesIn(facts)),
    line('lists', listsIn(facts)),
    line('plugins', pluginsIn(facts)),
    line('kernel', kernelIn(facts)),
    line('firewall', firewallIn(facts)),
    line('links', linksIn(facts)),
    line('state', stateIn(facts)),
    ...rangesIn(facts, line),
    ...leasesIn(facts, line),
    line('attachments', attachmentsIn(facts)),
  ]
}

function faultIn({ title, subject }: Found, count: number): string {
  return `${title}: ${subject}${count > 1 ? `, and ${count - 1} more` : ''}`
}

/** A single short command; of more, doctor tells. */
function remedyOf(found: readonly Found[]): string {
  const commands = found.flatMap(({ mend }) => mend)
  const [first = ''] = commands
  return commands.length === 1 && first.length <= 40 ? first : 'patchbay doctor'
}

function runtimesIn({ runtimes }: Facts): string {
  return runtimes.map(runtimeIn).join('; ') || 'none found'
}

function runtimeIn({ name, version, running, cni }: Facts['runtimes'][number]): string {
  const without = { podman: 'with netavark, without CNI', containerd: 'without CRI' }[name]
  const how = cni ? undefined : without
  return [name, version, running ? 'runs' : 'is installed', how].filter(Boolean).join(' ')
}

function listsIn({ lists }: Facts): string {
  const first = lists.find(({ wins }) => wins)
  if (!first) return 'none'
  const more = lists.length > 1 ? `, the first of ${lists.length}` : ''
  return `${first.file}: ${first.network}, CNI ${first.cniVersion}${more}`
}

function pluginsIn({ plugins }: Facts): string {
  const one = ({ directory, version, engine, ours, others }: Facts['plugins'][number]) => {
    const own = ours > 0 ? [`${ours} of Patchbay ${version ?? ''}${engine ? ` (${engine})` : ''}`] : []
    const foreign = others.length > 0 ? [`${others.length} of others`] : []
    return `${directory}: ${[...own, ...foreign].join(', ')}`
  }
  return plugins.map(one).join('; ') || 'none'
}

function kernelIn({ kernel: { release, kinds, missing } }: Facts): string {
  if (!missing) return `${release}: links of ${kinds.join(', ')}, others not known`
  return `${release}: links of ${missing.length > 0 ? `all kinds but ${missing.join(', ')}` : 'all kinds'}`
}

function firewallIn({ firewall }: Facts): string {
  if (!firewall) return ''
  return `${firewall.backEnd}${firewall.firewalld ? ', firewalld runs' : ''}${firewall.backEnd === 'iptables' ? `: ${firewall.reasons.join(', ')}` : ''}`
}

function linksIn({ links: { total, ofContainers } }: Facts): string {
  return `${total}, ${ofContainers} of containers`
}

function stateIn({ state }: Facts): string {
  return state.map(({ directory, free }) => `${directory}: ${inUnits(free)} free`).join('; ')
}

function inUnits(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', 1e9] : ['MB', 1e6]
  return `${Math.floor(bytes / (size as number))} ${unit}`
}

/** So many ranges have a line each, so that the screen holds all. */
const mostRanges = 8

function rangesIn({ ranges }: Facts, line: (topic: Topic, text: string) => Line): Line[] {
  const [first, ...others] = ranges
  if (!first) return [line('ranges', 'none')]
  const more = ranges.length - mostRanges
  const further = [...others.slice(0, mostRanges - 1).map(rangeIn), ...(more > 0 ? [`and ${more} more`] : [])]
  const rest = further.map((text) => ({ subject: 'ranges', state: 'ok' as const, text, remedy: '' }))
  return [line('ranges', rangeIn(first)), ...rest]
}

/** More addresses than that are no number that a person reads. */
const countable = 2 ** 40

function rangeIn({ network, range, used, free, oldest }: Facts['ranges'][number]): string {
  const since = oldest ? `, oldest ${oldest.container.slice(0, 12)} ${formatAge(oldest.age)}` : ''
  return `${network} ${range}: ${used} used, ${free > countable ? 'nearly all' : free} free${since}`
}

/** Most hosts have none, and no line. */
function leasesIn({ leases }: Facts, line: (topic: Topic, text: string) => Line): Line[] {
  const { total, renewed, firstEnd } = leases ?? { total: 0, renewed: false, firstEnd: null }
  const end = firstEnd === null ? '' : `, the first ends in ${formatAge(Math.max(0, firstEnd))}`
  const text = `${total} of DHCP${renewed ? ', renewed by patchbay dhcp' : ''}${end}`
  const told = line('leases', text)
  return leases || told.state !== 'ok' ? [told] : []
}

function attachmentsIn({ attachments: { live, ended, unknown } }: Facts): string {
  return [`${live} live`, ended > 0 && `${ended} ended`, unknown > 0 && `${unknown} unknown`]
    .filter(Boolean)
    .join(', ')
}
