/** What is measured: who against whom, doing what, in which networks. */

import { features } from '../guest/features.ts'
import type { Sample } from './stopwatch.ts'

/** A set of executables. */
export interface Candidate {
  name: string
  directory: string
}

/** A network of some kind; each candidate gets one of its own, alike in everything but name and subnet. */
export interface Scenario {
  /** The plugin. */
  kind: string
  name: string
  /** Keys beside those that all share, for the network of a number. */
  keys(number: number): Record<string, unknown>
  /** Only one container fits: the one that comes before the rounds leaves again. */
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

/** The features of the kernel that a kind is measured with, as test/guest/features.ts has them. */
export function needsOf(kind: string): string[] {
  if (kind === 'bridge') return ['nft ip']
  return features().filter((name) => name === `link ${kind}`)
}

/** Every network has a parent of its own, used or not: two kinds do not go together on one. */
export function parentName(number: number): string {
  return `parent${number}`
}

/** All that the program on the private host has to know. */
export interface Plan {
  candidates: Candidate[]
  kinds: string[]
  rounds: number
  stopwatch: string
  /** A directory on disk that becomes /var/lib/cni there: a real host keeps its state on disk, too. */
  state: string
}

export type Verb = 'VERSION' | 'ADD' | 'DEL'

/** Something that every candidate does once in each round. VERSION is not about a network: its scenario is ''. */
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

/** All that was measured of a candidate at some work, and what it said when it first failed. */
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
