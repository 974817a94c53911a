/**
 * Measures on a private host that measure.ts has made: reads the plan from the given file and writes the
 * measurements to standard output. In each round every candidate does everything once, in a new random order.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { command, ip, succeeds } from '../harness/command.ts'
import { type Netns, newContainer, removeContainer, scratch } from '../harness/host.ts'
import {
  type Candidate,
  configuration,
  type Measurement,
  type Plan,
  parentName,
  type Scenario,
  scenarios,
  type Verb,
  worksOf,
} from './plan.ts'
import { type Measured, measure, outputOf, type Sample } from './stopwatch.ts'

/** A network of one candidate, and the container that is to be attached in this round. */
interface Network {
  candidate: Candidate
  scenario: Scenario
  /** The file that holds its configuration. */
  input: string
  container?: Netns
}

type Observer = (verb: Verb, network: Network, sample: Sample) => void

/** Milliseconds of rest after a step, in which the kernel finishes its work. */
const pause = 100
const warmUps = 2

const output = `${scratch}/output`
const plan: Plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const measured = scenarios.filter(({ kind }) => plan.kinds.includes(kind))

/** An empty /run, state on disk, and a /sys of this network namespace. */
function arrange(): void {
  for (const path of ['/run', '/var/lib']) command('mount', '-t', 'tmpfs', 'tmpfs', path)
  command('mount', '-t', 'sysfs', 'sysfs', '/sys')
  for (const path of [scratch, '/run/lock', '/var/lib/cni']) mkdirSync(path)
  command('mount', '--bind', plan.state, '/var/lib/cni')
  ip('link set lo up')
}

function makeNetworks(): Network[] {
  const pairs = measured.flatMap((scenario) => plan.candidates.map((candidate) => ({ scenario, candidate })))
  return pairs.map(({ scenario, candidate }, number) => {
    const name = `${scenario.kind} ${scenario.name} ${candidate.name}`.replaceAll(' ', '-')
    const input = `${scratch}/${name}.json`
    writeFileSync(input, JSON.stringify(configuration(name, number, scenario)))
    makeParent(parentName(number))
    return { scenario, candidate, input }
  })
}

/** A veth in place of a NIC. */
function makeParent(name: string): void {
  ip(`link add ${name} type veth peer name ${name}p`)
  for (const end of [name, `${name}p`]) ip(`link set ${end} up`)
}

/** A call of a plugin as a runtime makes it. */
function call(verb: Verb, { candidate, scenario, container, input }: Network): Measured {
  const environment = {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_PATH: candidate.directory,
    CNI_CONTAINERID: container?.name ?? '',
    CNI_NETNS: container?.path ?? '',
    CNI_IFNAME: 'eth0',
  }
  return { program: `${candidate.directory}/${scenario.kind}`, environment, input, output }
}

/** One container stays on every network that has room: the bridge is up and the tables exist, as on a node in use. */
function settle(networks: readonly Network[]): void {
  for (const { candidate, scenario, input } of networks) {
    const container = newContainer()
    const doIt = (verb: Verb) =>
      measure(plan.stopwatch, call(verb, { candidate, scenario, input, container }))
    const { status } = doIt('ADD')
    if (status !== 0 || !succeeds('ip', '-n', container.name, 'route', 'get', '192.0.2.1'))
      throw new Error(`${candidate.name} cannot ADD (${scenario.kind} ${scenario.name}): ${outputOf(output)}`)
    if (scenario.single) doIt('DEL')
  }
}

async function round(networks: readonly Network[], observe: Observer): Promise<void> {
  const doAll = (verb: Verb, those: readonly Network[]) => {
    for (const network of inRandomOrder(those))
      observe(verb, network, measure(plan.stopwatch, call(verb, network)))
    return wait(pause)
  }
  for (const network of networks) network.container = newContainer()
  await wait(pause)
  await doAll(
    'VERSION',
    networks.filter(({ scenario }) => scenario.name === 'plain'),
  )
  await doAll('ADD', networks)
  await doAll('DEL', networks)
  for (const { container } of networks) if (container) removeContainer(container)
  await wait(pause)
}

function inRandomOrder<T>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

/** An empty measurement for each candidate and verb, and the function that fills them. */
function notebook(): { measurements: Measurement[]; note: Observer } {
  const measurements = worksOf(measured).flatMap((work) =>
    plan.candidates.map(({ name }): Measurement => ({ ...work, candidate: name, samples: [] })),
  )
  const note: Observer = (verb, { candidate, scenario }, sample) => {
    const scenarioName = verb === 'VERSION' ? '' : scenario.name
    const measurement = measurements.find(
      (it) =>
        it.kind === scenario.kind &&
        it.scenario === scenarioName &&
        it.verb === verb &&
        it.candidate === candidate.name,
    )
    measurement?.samples.push(sample)
    if (measurement && sample.status !== 0) measurement.failure ??= outputOf(output)
  }
  return { measurements, note }
}

arrange()
const networks = makeNetworks()
settle(networks)
for (let n = 0; n < warmUps; n++) await round(networks, () => {})
const { measurements, note } = notebook()
for (let n = 0; n < plan.rounds; n++) await round(networks, note)
process.stdout.write(JSON.stringify(measurements))
