/** What is measured: a scenario is a subject, the number of attachments there before, and how many calls are made at once. */

import { subjects } from './subjects/subjects.ts'

export interface Scenario {
  subject: string
  /** Attachments that are there already. */
  there: number
  /** How many calls run at the same time. */
  atOnce: number
  /** How many containers are attached in each round. */
  containers: number
}

/** What a full run measures of every subject. */
const manyThere = [100, 1_000]
const together = { atOnce: 16, containers: 32 }

/** Numbers of attachments for the subjects in which something on the host grows with them. */
const growing: Readonly<Record<string, readonly number[]>> = {
  bridge: [100, 1_000, 10_000],
  'host-local': [100, 1_000, 10_000],
  macvlan: manyThere,
  ptp: manyThere,
  'bridge ipMasq nftables': [100],
  'bridge ipMasq iptables': [100],
  vxlan: [100],
  'chain of five, theirs by nftables': manyThere,
  'chain of five, theirs by iptables': manyThere,
  ipvlan: [1_000],
  vlan: [1_000],
}

/** To attach so many by the reference takes minutes: measured in a full run, and where a subject or scenario is named. */
const slowToSetUp = { subject: /^chain of five/, there: 1_000 }

/** Containers in a round of the subjects that are called 16 at once. */
const crowded: Readonly<Record<string, number>> = {
  bridge: 100,
  'bridge ipMasq nftables': 32,
  ptp: 32,
  macvlan: 32,
  'host-local': 100,
}

const alone = { atOnce: 1, containers: 1 }

/** Every scenario of a run. @param full with each number of attachments, and 16 at once, for every subject */
export function scenariosOf(full: boolean): Scenario[] {
  return subjects.flatMap(({ name: subject, plugins }) => {
    const counts = [...new Set([0, ...(growing[subject] ?? []), ...(full ? manyThere : [])])]
    const isChain = plugins(0).length > 1
    const containers = crowded[subject] ?? (full && !isChain ? together.containers : 0)
    return [
      ...counts.map((there) => ({ subject, there, ...alone })),
      ...(containers > 0 ? [{ subject, there: 0, atOnce: together.atOnce, containers }] : []),
    ]
  })
}

/** The name of a scenario: `bridge, 1,000 there`, `bridge, 100 by 16`. */
export function titleOf({ subject, there, atOnce, containers }: Scenario): string {
  const before = there > 0 ? `${there.toLocaleString('en')} there` : ''
  const crowd = atOnce > 1 ? `${containers} by ${atOnce}` : ''
  return [subject, before, crowd].filter((part) => part !== '').join(', ')
}

/** Whether one of these texts is a scenario's name, or that of its subject. */
export function isNamed(scenario: Scenario, texts: readonly string[]): boolean {
  const title = titleOf(scenario)
  return texts.some((text) => title === text || title.startsWith(`${text},`))
}

/** Whether the set-up of a scenario takes minutes for each candidate. */
export function isSlow({ subject, there }: Scenario): boolean {
  return slowToSetUp.subject.test(subject) && there >= slowToSetUp.there
}

/** The verbs of a round, in their order. */
export const verbs = ['VERSION', 'STATUS', 'ADD', 'CHECK', 'GC', 'DEL'] as const
export type Verb = (typeof verbs)[number]
