/** A run of the benchmark: measures each scenario on the first kernel that can, and writes dist/bench.json. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import type { EngineName } from '../../scripts/build/target.ts'
import { ensurePackages, Missing } from '../../scripts/setup.ts'
import { kernels } from '../runner/kernels.ts'
import { type Share, takeToFirst } from '../runner/plan.ts'
import type { Candidate } from './candidate.ts'
import { candidatesOf } from './candidates.ts'
import { outcomeOf } from './outcome.ts'
import { paceOf } from './pace.ts'
import { writePage } from './page.ts'
import { type Report, summaryOf } from './report.ts'
import { type Scenario, titleOf } from './scenarios.ts'
import { subjectOf } from './subjects/subjects.ts'
import { linesOf } from './text.ts'
import { countOf, verdictsOf } from './verdicts.ts'

const root = join(import.meta.dirname, '../..')
const file = join(root, 'dist/bench.json')

const packages = ['dnsmasq-base', 'iproute2', 'iptables', 'nftables', 'strace', 'util-linux']

export interface Options {
  scenarios: readonly Scenario[]
  /** Directories or versions of references. */
  peers: readonly string[]
  engines: readonly EngineName[]
  /** What each scenario may take on average, with its set-up; 0: one round each. */
  seconds: number
  /** Where the plugins' state lies for the time of the benchmark. */
  workIn: string
  /** Whether docs/benchmarks.md is written anew. */
  page: boolean
}

/** Measures, prints each scenario's figures, and writes everything to dist/bench.json. */
export async function bench(options: Options): Promise<void> {
  await ensurePackages('the benchmark', packages)
  const { runs, nowhere } = await takeToFirst(options.scenarios, needsOf, kernels())
  for (const lost of nowhere)
    console.log(`no kernel here can measure ${titleOf(lost)}: ${needsOf(lost).join(', ')}`)
  const candidates = await candidatesOf(options.engines, options.peers)
  const report: Report = { ...conditions(options), outcomes: [] }
  console.log(summaryOf(report))
  await measureAll(runs, candidates, options, report)
  const verdicts = verdictsOf(report.outcomes)
  for (const { text } of verdicts) console.log(text)
  console.log(countOf(verdicts))
  console.log(`load at the end: ${report.loadAtEnd}\nwritten: ${file}`)
  if (options.page) writePage(report)
}

/** Adds each outcome to the report and saves it. A scenario that cannot be measured fails the run, but does not end it. */
async function measureAll(
  runs: readonly Share<Scenario>[],
  candidates: readonly Candidate[],
  { seconds, workIn }: Options,
  report: Report,
): Promise<void> {
  const items = runs.flatMap((share) => share.items.map((scenario) => ({ kernel: share.kernel, scenario })))
  const pace = paceOf(seconds, items.length)
  const least = seconds === 0 ? 1 : 5
  for (const { kernel, scenario } of items) {
    const share = { seconds: pace.next(), least, workIn }
    const outcome = await outcomeOf(kernel, scenario, candidates, share).catch(lost(scenario))
    pace.done()
    if (!outcome) continue
    report.outcomes.push(outcome)
    report.loadAtEnd = load()
    save(report)
    console.log(linesOf(outcome).join('\n'))
  }
}

/** Tells that a scenario could not be measured. */
function lost(scenario: Scenario) {
  return (error: Error): void => {
    console.log(`\n${titleOf(scenario)}: ${error.message}`)
    process.exitCode = 1
  }
}

/** Writes the page anew from the last run. @throws Missing when there was none */
export function render(): void {
  try {
    writePage(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Missing(`${file} is missing: run the benchmark first`)
  }
}

const needsOf = ({ subject }: Scenario) => subjectOf(subject).needs ?? []

/** Facts that the figures depend on. */
function conditions({ engines, peers, seconds }: Options): Omit<Report, 'outcomes'> {
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    ours: execFileSync(join(root, 'dist', engines[0] ?? '', 'patchbay'), ['version'], {
      encoding: 'utf8',
    }).trim(),
    references: [...peers],
    seconds,
    machine: `${processors.length} × ${processors[0]?.model}`,
    load: load(),
    loadAtEnd: load(),
  }
}

function load(): string {
  return loadavg()
    .map((each) => each.toFixed(1))
    .join(', ')
}

function save(report: Report): void {
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report)}\n`)
}
