/**
 * The budget: figures that noise hardly moves, compared with those in budget.json. System calls and faults of every verb, the
 * least of a few runs; the executables' bytes; modules. What a change costs shows here on any machine, however busy.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { type EngineName, engines } from '../../scripts/build/target.ts'
import { ensurePackages, Missing } from '../../scripts/setup.ts'
import { ensureBuilt } from '../harness/built.ts'
import { native } from '../runner/kernels.ts'
import { takeToFirst } from '../runner/plan.ts'
import { poolOf } from '../runner/pool.ts'
import { compare, type Figures, tolerance } from './figures.ts'
import { measureOne } from './measure.ts'
import { moduleCounts } from './modules.ts'
import type { Measurement } from './plan.ts'
import { subjectOf } from './subjects/subjects.ts'

const root = join(import.meta.dirname, '../..')
const file = join(import.meta.dirname, 'budget.json')

/** What is measured of each engine. The Node engine's own start is nine tenths of its figures: one plugin shows that. */
const measured: Readonly<Record<EngineName, readonly string[]>> = {
  quickjs: [
    ...['bridge', 'bridge ipMasq nftables', 'macvlan', 'ptp', 'vxlan', 'host-local', 'host-device'],
    'chain of five, theirs by nftables',
  ],
  node: ['bridge'],
}

/** Calls that Node's threads make when one waits for another or memory is short: their number depends on the load. */
const uncounted: Readonly<Record<EngineName, readonly string[]>> = {
  quickjs: [],
  node: ['futex', 'sched_yield', 'epoll_pwait', 'mmap', 'munmap', 'mprotect', 'madvise'],
}

/** What budget.json holds. */
interface Recorded {
  /** The kernel on which it was recorded. */
  kernel: string
  figures: Figures
}

/** Compares with the recorded figures, or records them. A figure that is worse makes the program fail. */
export async function budget(record: boolean): Promise<void> {
  await ensurePackages('the benchmark', ['iproute2', 'iptables', 'nftables', 'strace', 'util-linux'])
  for (const engine of engines) await ensureBuilt(engine)
  const figures = await allFigures()
  if (record) return writeFileSync(file, `${JSON.stringify({ kernel: release(), figures }, null, 2)}\n`)
  const recorded = read()
  const { worse, better, missing } = compare(figures, recorded.figures)
  for (const line of missing) console.log(line)
  for (const line of better) console.log(`better  ${line}`)
  for (const line of worse) console.log(`WORSE   ${line}`)
  console.log(lastLine(Object.keys(figures).length, worse.length, better.length, recorded.kernel))
  if (worse.length > 0) process.exitCode = 1
}

function lastLine(count: number, worse: number, better: number, kernel: string): string {
  const remedy = worse + better > 0 ? '; if that is meant: npm run bench -- --budget --record' : ''
  const here = kernel === release() ? '' : `, recorded on Linux ${kernel}`
  return `budget: ${count} figures, ${worse} worse and ${better} better by more than ${100 * tolerance} %${here}${remedy}`
}

function read(): Recorded {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Missing(`${file} is missing: npm run bench -- --budget --record`)
  }
}

async function allFigures(): Promise<Figures> {
  const sizes = engines.map(async (engine) => {
    const { size } = await stat(join(root, 'dist', engine, 'patchbay'))
    return [`${engine}: bytes of the executable`, size] as const
  })
  const modules = Object.entries(await moduleCounts()).map(
    ([path, count]) => [`${path}: modules`, count] as const,
  )
  return Object.fromEntries([...(await Promise.all(sizes)), ...modules, ...(await costs())])
}

/** System calls and faults, two subjects at a time. Waiting does not count. */
async function costs(): Promise<[string, number][]> {
  const all = engines.flatMap((engine) => measured[engine].map((subject) => ({ engine, subject })))
  const { runs } = await takeToFirst(all, ({ subject }) => subjectOf(subject).needs ?? [], [native])
  const rows = new Map<number, [string, number][]>()
  const pool = poolOf(2)
  const items = runs.flatMap((share) => share.items)
  pool.add(
    ...items.map(({ engine, subject }, n) => ({
      seconds: 1,
      run: async () => void rows.set(n, rowsOf(engine, subject, await measure(engine, subject))),
    })),
  )
  await pool.done()
  return items.flatMap((_, n) => rows.get(n) ?? [])
}

function measure(engine: EngineName, subject: string): Promise<Measurement[]> {
  const scenario = { subject, there: 0, atOnce: 1, containers: 1 }
  const candidates = [{ name: engine, directory: join(root, 'dist', engine) }]
  const rounds = { seconds: 0, least: 10, most: 10, counts: 2, uncounted: uncounted[engine] }
  return measureOne(native, { scenario, candidates, ...rounds }, join(root, '.cache'))
}

function rowsOf(
  engine: EngineName,
  subject: string,
  measurements: readonly Measurement[],
): [string, number][] {
  return measurements.flatMap(({ verb, calls = 0, samples, failure }) => {
    if (failure !== undefined) throw new Missing(`${engine} cannot ${verb} (${subject}): ${failure}`)
    const name = `${engine} ${subject} ${verb}`
    return [
      [`${name}: system calls`, calls],
      [`${name}: faults`, Math.min(...samples.map(({ faults }) => faults))],
    ]
  })
}
