/** Shows which lines no test executes: `npm run coverage -- [unit|kernel|FILE…]`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { reportMissing } from '../../scripts/setup.ts'
import { underRunner } from '../harness/built.ts'
import { isSlow } from '../harness/declared.ts'
import { planKernelTests } from '../runner/kernel-tests.ts'
import { type Job, poolOf } from '../runner/pool.ts'
import { newReports } from '../runner/reports.ts'
import { fileJob, filesBelow, filesJob } from '../runner/run.ts'
import { lastLine } from '../runner/tally.ts'
import { type Executables, makeExecutables, sourcesOf } from './executables.ts'
import { type Executed, nothingExecuted, takeReports } from './executed.ts'
import { either, linesOf } from './lines.ts'
import { type Covered, lcov, report, summary } from './report.ts'

const root = join(import.meta.dirname, '../..')
const output = join(root, 'dist/coverage')
/** Each report of a process has half a megabyte. */
const SECONDS_BETWEEN_LOOKS = 5

type Sizes = ReadonlyMap<string, number>

const folders: Record<string, readonly string[]> = { unit: ['unit'], kernel: ['kernel'] }

/** One line for each test file, also for one that failed: that it is slower, and another engine, is reason enough for some. */
const results = newReports((text) => console.log(text.slice(text.lastIndexOf('\n') + 1)))

const isOfSources = (file: string) => file.startsWith('test/unit/')

/** Slow test files only by name: they run the plugins in a machine that keeps the reports. */
function chosenFiles(): string[] {
  const { positionals } = parseArgs({ allowPositionals: true })
  const names = positionals.length > 0 ? positionals : Object.keys(folders)
  const filesOf = (folder: string) => filesBelow(folder).filter((file) => !isSlow(file))
  return names.flatMap((name) => folders[name]?.flatMap(filesOf) ?? [name])
}

/** Runs jobs, and takes the reports of their processes. @param sources the directory whose files they execute */
async function executedBy(jobs: readonly Job[], sizes: Sizes, directory: string, sources: string) {
  const executed = nothingExecuted(sizes)
  const look = () => takeReports(executed, directory, sources)
  const timer = setInterval(look, SECONDS_BETWEEN_LOOKS * 1000)
  const pool = poolOf(availableParallelism())
  pool.add(...jobs)
  await pool.done()
  clearInterval(timer)
  look()
  return executed
}

/** The unit tests execute the sources themselves. */
async function byUnitTests(files: readonly string[], sizes: Sizes): Promise<Executed> {
  const directory = join(output, 'unit')
  process.env.NODE_V8_COVERAGE = directory
  const jobs = files.map((file) => fileJob(file, results))
  const executed = await executedBy(jobs, sizes, directory, root)
  delete process.env.NODE_V8_COVERAGE
  return executed
}

/** The kernel tests call executables, each of which reports itself. */
async function byExecutables(files: readonly string[], sizes: Sizes, made: Executables): Promise<Executed> {
  process.env.CNI_TEST_BIN = made.bin
  const { batches, failures } = await planKernelTests(files, false, made.reports)
  failures.forEach(results.failed)
  const jobs = batches.map((batch) => filesJob(batch, results))
  return executedBy(jobs, sizes, made.reports, made.sources)
}

function covered(file: string, unit: Executed, executables: Executed): Covered {
  const source = readFileSync(join(root, file), 'utf8')
  const of = (executed: Executed) => executed.get(file) ?? new Uint8Array(source.length)
  const lines = (executed: Uint8Array) => linesOf(source, executed)
  return {
    file,
    unit: lines(of(unit)),
    executables: lines(of(executables)),
    both: lines(either(of(unit), of(executables))),
  }
}

await reportMissing(async () => {
  process.env[underRunner] = '1'
  const start = performance.now()
  const files = chosenFiles()
  const made = await makeExecutables(output)
  const product = (await sourcesOf()).filter((file) => !file.startsWith('test/'))
  const sizes = new Map(product.map((file) => [file, readFileSync(join(root, file), 'utf8').length]))
  const unit = await byUnitTests(files.filter(isOfSources), sizes)
  const executables = await byExecutables(
    files.filter((file) => !isOfSources(file)),
    sizes,
    made,
  )
  const all = product.map((file) => covered(file, unit, executables))
  writeFileSync(join(output, 'report.txt'), report(all))
  writeFileSync(join(output, 'lcov.info'), lcov(all))
  console.log(`\n${summary(all)}\n\nthe lines: ${relative(root, output)}/report.txt`)
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s, tests: ${lastLine(results.total())}`)
})
