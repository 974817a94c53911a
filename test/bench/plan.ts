/** What is measured: which executables, which verbs, in which networks. */

import { features } from '../guest/features.ts'
import type { Sample } from './stopwatch.ts'

/** A set of executables. */
export interface Candidate {
  name: string
  directory: string
}

/** A network of one kind; each candidate gets its own, which differs only in name and subnet. */
export interface Scenario {
  /** The plugin. */
  kind: string
  name: string
  /** The keys of this kind, for the network with this number. */
  keys(number: number): Record<string, unknown>
  /** The network takes only one container: the one attached before the rounds is detached again. */
  single?: boolean
}

const bridge = (more: Record<string, unknown>) => (number: number) => ({
  bridge: `bench${number}`,
  isGateway: true,
  ...more,
})

export const scenarios: readonly Scenario[] = [
  { kind: 'bridge', name: 'plain', keys: bridge({}) },
  { kind: 'bridge', name: 'ipMasq nftables', keys: bridge({ ipMasq: true, ipMasqBackend: 'nftables' }) },
  { kind: 'bridge', name: 'ipMasq iptables', keys: bridge({ ipMasq: true, ipMasqBackend: 'iptables' }) },
  { kind: 'macvlan', name: 'plain', keys: (number) => ({ master: parentName(number) }) },
  { kind: 'ptp', name: 'plain', keys: () => ({}) },
  { kind: 'ipvlan', name: 'plain', keys: (number) => ({ master: parentName(number) }) },
  {
    kind: 'vlan',
    name: 'plain',
    keys: (number) => ({ master: parentName(number), vlanId: 5 }),
    single: true,
  },
]

export const kinds = [...new Set(scenarios.map(({ kind }) => kind))]

/** The kernel features that a kind needs, by their names in test/guest/features.ts. */
export function needsOf(kind: string): string[] {
  if (kind === 'bridge') return ['nft ip']
  return features().filter((name) => name === `link ${kind}`)
}

/** Every network has its own parent, used or not: two kinds cannot share a parent. */
export function parentName(number: number): string {
  return `parent${number}`
}

/** Input of the program on the private host. */
export interface Plan {
  candidates: Candidate[]
  kinds: string[]
  rounds: number
  stopwatch: string
  /** A directory on disk, mounted as /var/lib/cni there: a real host keeps this state on disk too. */
  state: string
}

export type Verb = 'VERSION' | 'ADD' | 'DEL'

/** A verb that every candidate runs once in each round. VERSION has no network: its scenario is ''. */
export interface Work {
  kind: string
  scenario: string
  verb: Verb
}

export function worksOf(scenarios: readonly Scenario[]): Work[] {
  return scenarios.flatMap(({ kind, name }): Work[] => [
    ...(name === 'plain' ? [{ kind, scenario: '', verb: 'VERSION' } as const] : []),
    { kind, scenario: name, verb: 'ADD' },
    { kind, scenario: name, verb: 'DEL' },
  ])
}

/** All samples of a candidate for one verb in one network, and the output of its first failure. */
export interface Measurement extends Work {
  candidate: string
  samples: Sample[]
  failure?: string
}

/** A network with IPv4 addresses from host-local, the same for the reference and for us. */
export function configuration(
  name: string,
  number: number,
  { kind, keys }: Scenario,
): Record<string, unknown> {
  return {
    cniVersion: '1.0.0',
    name,
    type: kind,
    ...keys(number),
    ipam: { type: 'host-local', subnet: `10.${number}.0.0/16`, routes: [{ dst: '0.0.0.0/0' }] },
  }
}
