/** Counts system calls, in a pass of its own: strace makes a call several times as slow. */

import { readFileSync, writeFileSync } from 'node:fs'
import type { Plan } from './plan.ts'
import type { Verb } from './scenarios.ts'
import { act, type Manner, newContainers, type Seat } from './seat.ts'

/**
 * The system calls of each verb, of all processes and threads: the least of some runs.
 * @param plan how often they are counted, and the names of those that are not
 */
export function countCalls(
  seat: Seat,
  verbs: readonly Verb[],
  manner: Manner,
  { counts: runs, uncounted }: Pick<Plan, 'counts' | 'uncounted'>,
): Map<Verb, number> {
  const found = new Map<Verb, number>()
  const table = `${seat.files}/strace`
  const under = [
    '/usr/bin/strace',
    '-f',
    '-qq',
    '--summary-only',
    '--summary-columns=calls,name',
    '-A',
    '-o',
    table,
  ]
  for (let run = 0; run < runs; run++) {
    newContainers(seat, `counted${run}`, 1)
    for (const verb of verbs) {
      writeFileSync(table, '')
      act(seat, verb, { ...manner, under })
      const count = callsIn(readFileSync(table, 'utf8'), uncounted)
      found.set(verb, Math.min(found.get(verb) ?? Infinity, count))
    }
  }
  return found
}

/** The sum of the calls in strace's tables, one for each plugin of a chain: `NUMBER NAME` in each line, besides dashes and titles. */
export function callsIn(tables: string, uncounted: readonly string[] = []): number {
  const lines = [...tables.matchAll(/^ *(\d+) +(\w+) *$/gm)]
  const isCounted = (name = '') => name !== 'total' && !uncounted.includes(name)
  return lines.filter(([, , name]) => isCounted(name)).reduce((sum, [, calls]) => sum + Number(calls), 0)
}
