/** What is measured: who against whom, doing what, in which networks. */

import type { Sample } from './stopwatch.ts'

/** A set of executables. */
export interface Candidate {
  name: string
  directory: string
}

/** A kind of bridge network; each candidate gets one of its own, alike in everything but name and subnet. */
export interface Scenario {
  name: string
  /** Keys beside those that all share. */
  keys: Record<string, unknown>
}

export const scenarios: readonly Scenario[] = [
  { name: 'plain', keys: {} },
  { name: 'ipMasq nftables', keys: { ipMasq: true, ipMasqBackend: 'nftables' } },
  { name: 'ipMasq iptables', keys: { ipMasq: true, ipMasqBackend: 'iptables' } },
]

/** All that the program on the private host has to know. */
export interface Plan {
  candidates: Candidate[]
  rounds: number
  stopwatch: string
  /** A directory on disk that becomes /var/lib/cni there: a real host keeps its state on disk, too. */
  state: string
}

export type Verb = 'VERSION' | 'ADD' | 'DEL'

/** Something that every candidate does once in each round. VERSION is not about a network: its scenario is ''. */
export interface Work {
  scenario: string
  verb: Verb
}

export const works: readonly Work[] = [
  { scenario: '', verb: 'VERSION' },
  ...scenarios.flatMap(({ name }): Work[] => [
    { scenario: name, verb: 'ADD' },
    { scenario: name, verb: 'DEL' },
  ]),
]

/** All that was measured of a candidate at some work, and what it said when it first failed. */
export interface Measurement extends Work {
  candidate: string
  samples: Sample[]
  failure?: string
}

/** A bridge with IPv4 addresses from host-local, the same for the reference and for us. */
export function configuration(name: string, number: number, { keys }: Scenario): Record<string, unknown> {
  return {
    cniVersion: '1.0.0',
    name,
    type: 'bridge',
    bridge: `bench${number}`,
    isGateway: true,
    ...keys,
    ipam: { type: 'host-local', subnet: `10.${number}.0.0/16`, routes: [{ dst: '0.0.0.0/0' }] },
  }
}
