/**
 * Measures, on a private host that bench.ts has made for it: reads the plan on standard input, writes measurements to
 * standard output. In every round each candidate does everything once, in an order drawn anew.
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
  type Scenario,
  scenarios,
  type Verb,
  works,
} from './plan.ts'
import { type Measured, measure, type Sample, said } from './stopwatch.ts'

/** A network of one candidate, and the container that is to be attached in this round. */
interface Network {
  candidate: Candidate
  scenario: Scenario
  /** The file that holds its configuration. */
  input: string
  container?: Netns
}

type Observer = (verb: Verb, network: Network, sample: Sample) => void

/** So long the kernel is left alone with what the last step left behind, in milliseconds. */
const pause = 100
const warmUps = 2

const output = `${scratch}/said`
const plan: Plan = JSON.parse(readFileSync(0, 'utf8'))

/** Empty /run, state on disk, a /sys that shows this network. */
function arrange(): void {
  for (const path of ['/run', '/var/lib']) command('mount', '-t', 'tmpfs', 'tmpfs', path)
  command('mount', '-t', 'sysfs', 'sysfs', '/sys')
  for (const path of [scratch, '/run/lock', '/var/lib/cni']) mkdirSync(path)
  command('mount', '--bind', plan.state, '/var/lib/cni')
  ip('link set lo up')
}

function makeNetworks(): Network[] {
  const pairs = scenarios.flatMap((scenario) => plan.candidates.map((candidate) => ({ scenario, candidate })))
  return pairs.map(({ scenario, candidate }, number) => {
    const name = `${scenario.name} ${candidate.name}`.replaceAll(' ', '-')
    const input = `${scratch}/${name}.json`
    writeFileSync(input, JSON.stringify(configuration(name, number, scenario)))
    return { scenario, candidate, input }
  })
}

/** A call of bridge as a runtime makes it. */
function call(verb: Verb, { candidate, container, input }: Network): Measured {
  const environment = {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_PATH: candidate.directory,
    CNI_CONTAINERID: container?.name ?? '',
    CNI_NETNS: container?.path ?? '',
    CNI_IFNAME: 'eth0',
  }
  return { program: `${candidate.directory}/bridge`, environment, input, output }
}

/** One container stays on every network: its bridge is up and its tables are made, as on a node in use. */
function settle(networks: readonly Network[]): void {
  for (const { candidate, scenario, input } of networks) {
    const container = newContainer()
    const { status } = measure(plan.stopwatch, call('ADD', { candidate, scenario, input, container }))
    if (status !== 0 || !succeeds('ip', '-n', container.name, 'route', 'get', '192.0.2.1'))
      throw new Error(`${candidate.name} cannot ADD (${scenario.name}): ${said(output)}`)
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
  await doAll('VERSION', networks.slice(0, plan.candidates.length))
  await doAll('ADD', networks)
  await doAll('DEL', networks)
  for (const { container } of networks) if (container) removeContainer(container)
  await wait(pause)
}

function inRandomOrder<T>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

/** An empty measurement for each candidate at each work, and what fills them. */
function notebook(): { measurements: Measurement[]; note: Observer } {
  const measurements = works.flatMap((work) =>
    plan.candidates.map(({ name }): Measurement => ({ ...work, candidate: name, samples: [] })),
  )
  const note: Observer = (verb, { candidate, scenario }, sample) => {
    const scenarioName = verb === 'VERSION' ? '' : scenario.name
    const measurement = measurements.find(
      (it) => it.verb === verb && it.scenario === scenarioName && it.candidate === candidate.name,
    )
    measurement?.samples.push(sample)
    if (measurement && sample.status !== 0) measurement.failure ??= said(output)
  }
  return { measurements, note }
}

arrange()
const networks = makeNetworks()
settle(networks)
for (let n = 0; n < warmUps; n++) await round(networks, () => {})
const { measurements, note } = notebook()
for (let n = 1; n <= plan.rounds; n++) {
  if (process.stderr.isTTY) process.stderr.write(`\rround ${n} of ${plan.rounds} `)
  await round(networks, note)
}
process.stdout.write(JSON.stringify(measurements))
