/** The seat of a candidate in a scenario: its own host, its network there, and its containers. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { answerIn, type Container, callOf, inOrder, type Network } from './calls.ts'
import type { Candidate } from './candidate.ts'
import { type Host, ipLines, makeHost, onHost, serve } from './host.ts'
import type { Scenario, Verb } from './scenarios.ts'
import { measure, outputOf, type Sample, together } from './stopwatch.ts'
import type { Subject } from './subjects/subject.ts'

export interface Seat extends Network {
  host: Host
  /** Containers of the current round. */
  containers: Container[]
}

/** Makes a candidate's host, with what the subject needs on it. @param state a directory on disk @param files one in memory */
export async function takeSeat(
  candidate: Candidate,
  subject: Subject,
  scenario: Scenario,
  state: string,
  files: string,
): Promise<Seat> {
  const host = await makeHost(join(state, candidate.name))
  const own = join(files, candidate.name)
  mkdirSync(own, { recursive: true })
  ipLines(host, subject.host?.(numbersOf(scenario, subject)) ?? [])
  for (const [path, content] of Object.entries(subject.files ?? {}))
    onHost(host, ['sh', '-c', 'umask 077; mkdir -p "$(dirname "$1")"; cat >"$1"', 'write', path], content)
  for (const service of servicesFor(candidate, subject)) await serve(host, service)
  const seat = {
    candidate,
    host,
    files: own,
    plugins: pluginsFor(candidate, subject),
    valid: [],
    containers: [],
  }
  return { ...seat, cniVersion: '1.0.0' }
}

/** A program that does nothing needs none. */
function servicesFor({ directory, isReference = false }: Candidate, { services }: Subject) {
  return directory && services ? services(directory, isReference) : []
}

function pluginsFor({ isReference, isBeside }: Candidate, { plugins, theirs, beside }: Subject) {
  if (isBeside && beside) return beside.plugins
  return (isReference && theirs) || plugins
}

/** The number of the first container that was there before. Two containers share a wire, so it is even. */
export function firstBefore({ containers }: Scenario): number {
  return containers + (containers % 2)
}

/** How many containers are numbered: those of a round, and those that plugins attached before. */
function numbersOf(scenario: Scenario, subject: Subject): number {
  return firstBefore(scenario) + (subject.there ? Math.min(scenario.there, 1) : scenario.there)
}

/** How a verb is called: how many at once, by which stopwatch, and under which other program. */
export interface Manner {
  stopwatch: string
  atOnce: number
  /** The words before the program, such as those of strace. */
  under?: readonly string[]
}

/** What a verb cost, and the output of the call that failed. */
export interface Done {
  sample: Sample
  failure?: string
}

/** Calls all plugins of the list for all containers of the round, and remembers the answers of ADD. */
export function act(seat: Seat, verb: Verb, { stopwatch, atOnce, under = [] }: Manner): Done {
  const done: Done[] = []
  const length = seat.plugins(0).length
  for (const position of inOrder([...Array(length).keys()], verb)) {
    const calls = seat.containers.map((container) => ({
      container,
      call: callOf(seat, verb, container, configAt(seat, container, position)),
    }))
    const measured = calls.map(({ call }) => ({ ...call, command: [...under, ...call.command] }))
    const sample = measure(stopwatch, measured, atOnce, seat.host.pid)
    const last = calls.at(-1)?.call.output ?? ''
    if (verb === 'ADD') for (const { container, call } of calls) container.result = answerIn(call.output)
    done.push({ sample, failure: sample.status === 0 ? undefined : outputOf(last) })
  }
  const failure = done.find((each) => each.failure !== undefined)?.failure
  return { sample: together(done.map(({ sample }) => sample)), failure }
}

function configAt(seat: Seat, { number }: Container, position: number) {
  const config = seat.plugins(number)[position]
  if (!config) throw new Error(`no plugin at ${position}`)
  return config
}

/** The newest version of the specification that a candidate knows. */
export function newestVersion(seat: Seat, manner: Manner): string {
  seat.containers = [{ id: 'none', number: 0 }]
  act(seat, 'VERSION', manner)
  const answer = answerIn(`${seat.files}/VERSION-none.out`) as { supportedVersions?: string[] } | undefined
  return answer?.supportedVersions?.includes('1.1.0') ? '1.1.0' : '1.0.0'
}

/** New containers for a round, numbered from `first`. They stay until the end: to remove them would disturb what is measured next. */
export function newContainers(seat: Seat, prefix: string, count: number, first = 0): void {
  seat.containers = Array.from({ length: count }, (_, n) => ({ id: `${prefix}-${n}`, number: first + n }))
  ipLines(
    seat.host,
    seat.containers.map(({ id }) => `netns add ${id}`),
  )
}
