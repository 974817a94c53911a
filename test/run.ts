/**
 * Runs all tests, or those that are named: `npm test -- [-t TEXT] [--guest newest|6.1] [--full] [--record]
 * [types|lint|unit|model|build|deploy|kernel|clients|fuzz|FILE…]`.
 */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { builds } from '../scripts/build/target.ts'
import { reportMissing } from '../scripts/setup.ts'
import { chooseGuest } from './guest/kernel.ts'
import { underRunner } from './harness/built.ts'
import { isSlow } from './harness/declared.ts'
import { fullRun } from './harness/full.ts'
import { recordDurations } from './runner/durations.ts'
import { planKernelTests } from './runner/kernel-tests.ts'
import { filesWith, saveNames } from './runner/names.ts'
import { poolOf } from './runner/pool.ts'
import { newReports, whereTheTimeWent } from './runner/reports.ts'
import { buildJob, fileJob, filesBelow, filesJob, stepJob } from './runner/run.ts'
import { isGood, lastLine, tallyOf, tallyOfChosen } from './runner/tally.ts'

const steps: Record<string, readonly string[]> = {
  types: ['tsc', '-p', '.'],
  lint: ['biome', 'check', '--error-on-warnings'],
}
const folders: Record<string, readonly string[]> = {
  unit: ['unit'],
  model: ['model'],
  build: ['build'],
  deploy: ['deploy'],
  kernel: ['guest', 'kernel'],
  clients: ['clients'],
  fuzz: ['fuzz'],
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', short: 't' },
    guest: { type: 'string' },
    full: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})

/** Node keeps compiled modules here: each test file loads a hundred, twice. */
const compiled = new URL('../.cache/compiled', import.meta.url).pathname

const reports = newReports(console.log, values.name === undefined ? tallyOf : tallyOfChosen)
/** Four more than CPUs: much of a kernel test's time is waiting, for answers and for the kernel's grace periods. */
const pool = poolOf(availableParallelism() + 4, availableParallelism())

/** The test files of the names on the command line, or all. */
function chosenFiles(): string[] {
  const names = positionals.length > 0 ? positionals : Object.keys(folders)
  const files = names.filter((name) => !steps[name]).flatMap((name) => filesOf(name) ?? [name])
  return values.name === undefined ? files : filesWith(values.name, files)
}

/** The test files of a kind; the slow ones only in a full run, or when tests are chosen by name. */
function filesOf(kind: string): string[] | undefined {
  const files = folders[kind]?.flatMap(filesBelow)
  return values.full || values.name !== undefined ? files : files?.filter((file) => !isSlow(file))
}

function chosenSteps(): string[] {
  if (values.name !== undefined) return []
  return Object.keys(steps).filter((name) => positionals.length === 0 || positionals.includes(name))
}

/** The tests of sources run while the executables are built, those of executables afterwards. */
async function run(): Promise<void> {
  const files = chosenFiles()
  const isOfSources = (file: string) => /^test\/(unit|model)\//.test(file)
  pool.add(...chosenSteps().map((name) => stepJob(name, steps[name] ?? [], reports)))
  pool.add(...files.filter(isOfSources).map((file) => fileJob(file, reports)))
  const others = files.filter((file) => !isOfSources(file))
  if (others.length > 0) pool.add({ seconds: Infinity, run: () => addAfterBuild(others) })
  await pool.done()
}

/** Packages and kernels are fetched during the build. */
async function addAfterBuild(files: readonly string[]): Promise<void> {
  const isOfBuild = (file: string) => file.startsWith('test/build/')
  const planned = planKernelTests(
    files.filter((file) => !isOfBuild(file)),
    values.full,
  )
  const [{ batches, failures }] = await Promise.all([planned, addBuildTests(files.filter(isOfBuild))])
  failures.forEach(reports.failed)
  pool.add(...batches.map((batch) => filesJob(batch, reports)))
}

async function addBuildTests(files: readonly string[]): Promise<void> {
  for (const build of builds) await buildJob(build, reports).run()
  pool.add(...files.map((file) => fileJob(file, reports)))
}

await reportMissing(async () => {
  if (values.guest) chooseGuest(values.guest)
  if (values.full) process.env[fullRun] = '1'
  if (values.name !== undefined) process.env.PATCHBAY_TEST_NAME = values.name
  process.env[underRunner] = '1'
  process.env.NODE_COMPILE_CACHE ??= compiled
  const start = performance.now()
  await run()
  saveNames()
  if (values.record && values.name === undefined) recordDurations(reports.seconds)
  const total = reports.total()
  console.log(whereTheTimeWent(reports.seconds))
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`)
  console.log(lastLine(total))
  process.exitCode = isGood(total) ? 0 : 1
})
