/**
 * Measures one scenario, in namespaces that measure.ts has made: reads the plan from the given file and writes the measurements
 * to standard output. In each round every candidate does every verb once, verb by verb, in an order drawn anew.
 */

import { mkdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { command } from '../harness/command.ts'
import { countCalls } from './count.ts'
import { fill } from './crowd.ts'
import { notebook, type Observer } from './notebook.ts'
import { inRandomOrder } from './order.ts'
import type { Plan } from './plan.ts'
import { type Verb, verbs } from './scenarios.ts'
import { act, type Manner, newContainers, newestVersion, type Seat, takeSeat } from './seat.ts'
import { subjectOf } from './subjects/subjects.ts'

/** Milliseconds of rest after what leaves the kernel with work: making namespaces, ADD and DEL. */
const rest = 50

const plan: Plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { scenario } = plan
const manner: Manner = { stopwatch: plan.stopwatch, atOnce: scenario.atOnce }

/** Inputs and outputs are in memory, where every host sees them. */
function filesInMemory(): string {
  const directory = `${plan.state}/files`
  mkdirSync(directory)
  command('mount', '-t', 'tmpfs', 'tmpfs', directory)
  return directory
}

async function takeSeats(): Promise<Seat[]> {
  const [subject, files] = [subjectOf(scenario.subject), filesInMemory()]
  const seats: Seat[] = []
  for (const candidate of plan.candidates) {
    const seat = await takeSeat(candidate, subject, scenario, plan.state, files)
    seats.push(seat)
    if (candidate.floor) continue
    seat.cniVersion = newestVersion(seat, manner)
    fill(seat, subject, scenario, manner)
  }
  return seats
}

/** The verbs that a candidate is asked: a floor has one, and STATUS and GC came with 1.1.0. Of many at once only ADD and DEL. */
function verbsOf({ candidate, cniVersion }: Seat): Verb[] {
  if (candidate.floor) return scenario.atOnce > 1 ? [] : ['VERSION']
  if (scenario.atOnce > 1) return ['ADD', 'DEL']
  return verbs.filter((verb) => cniVersion === '1.1.0' || (verb !== 'STATUS' && verb !== 'GC'))
}

async function round(seats: readonly Seat[], name: string, observe: Observer): Promise<void> {
  for (const seat of seats) newContainers(seat, name, scenario.containers)
  await wait(rest)
  for (const verb of verbs) {
    const asked = seats.filter((seat) => verbsOf(seat).includes(verb))
    for (const seat of inRandomOrder(asked)) observe(seat.candidate.name, verb, act(seat, verb, manner))
    if (verb === 'ADD' || verb === 'DEL') await wait(rest)
  }
}

const seats = await takeSeats()
const { measurements, observe } = notebook()
await round(seats, 'warm', () => {})
const end = performance.now() + plan.seconds * 1000
for (let n = 0; n < plan.least || (n < plan.most && performance.now() < end); n++)
  await round(seats, `c${n}`, observe)
if (plan.counts > 0)
  for (const seat of seats)
    for (const [verb, calls] of countCalls(seat, verbsOf(seat), manner, plan))
      measurements.of(seat.candidate.name, verb).calls = calls
process.stdout.write(JSON.stringify(measurements.all))
process.exit()
