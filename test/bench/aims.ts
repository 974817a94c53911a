/** What we aim at. Each is judged by medians of one run: ours against the better of the references, unless it says otherwise. */

import type { Verb } from './scenarios.ts'

/** Which figure of ours is judged. */
export interface Place {
  subject: string
  verb: Verb
  /** Default: quickjs. */
  engine?: 'quickjs' | 'node'
  /** Default: 0. */
  there?: number
  /** Whether calls are made 16 at once. */
  crowded?: boolean
}

export type Aim = Place &
  (
    | { /** Of the better reference's median. */ ratio: number }
    | { /** Of the median of what the subject has beside. */ ratio: number; of: string }
    | { /** At most so many. */ milliseconds: number }
    | {
        /** Above the median of another verb or candidate. */ above: { candidate?: string; verb?: Verb }
        milliseconds: number
      }
    | { /** System calls, user time and faults, to those with nothing there. */ growth: number }
  )

const plain = ['bridge', 'macvlan', 'ptp', 'ipvlan', 'vlan', 'dummy']
const backends = [
  { subject: 'bridge ipMasq nftables', ratio: 0.2 },
  { subject: 'bridge ipMasq iptables', ratio: 0.4 },
]
const fives = ['chain of five, theirs by nftables', 'chain of five, theirs by iptables']
const every = (verb: Verb, ratio: number): Aim[] => plain.map((subject) => ({ subject, verb, ratio }))

export const aims: readonly Aim[] = [
  ...every('VERSION', 0.25),
  ...every('ADD', 0.45),
  ...backends.map((backend): Aim => ({ ...backend, verb: 'ADD' })),
  ...backends.map(({ subject }): Aim => ({ subject, verb: 'DEL', ratio: 0.1 })),
  ...every('CHECK', 0.5),
  ...every('STATUS', 0.5),
  ...every('DEL', 0.2),
  ...every('GC', 0.7),
  { subject: 'host-local', verb: 'ADD', ratio: 0.5 },
  { subject: 'host-local', verb: 'DEL', ratio: 0.5 },
  { subject: 'macvlan with dhcp', verb: 'ADD', ratio: 0.5 },
  { subject: 'pool', verb: 'ADD', ratio: 1.1, of: 'host-local' },
  { subject: 'bridge with pool', verb: 'ADD', ratio: 1.1, of: 'bridge with host-local' },
  { subject: 'vxlan', verb: 'DEL', milliseconds: 10 },
  { subject: 'bridge', verb: 'ADD', crowded: true, ratio: 0.4 },
  ...fives.flatMap((subject): Aim[] => [
    { subject, verb: 'ADD', ratio: 0.25 },
    { subject, verb: 'ADD', there: 1_000, ratio: 0.1 },
    { subject, verb: 'DEL', ratio: 0.15 },
    { subject, verb: 'ADD', there: 1_000, growth: 1.1 },
    { subject, verb: 'DEL', there: 1_000, growth: 1.1 },
  ]),
  { subject: 'bridge', verb: 'ADD', there: 10_000, growth: 1.1 },
  { subject: 'bridge', verb: 'VERSION', engine: 'node', above: { candidate: 'empty node' }, milliseconds: 5 },
  { subject: 'bridge', verb: 'ADD', engine: 'node', above: { verb: 'VERSION' }, milliseconds: 12 },
]
