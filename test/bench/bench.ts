/**
 * Measures bridge against the reference's:
 * `npm run bench [-- --peer DIR|VERSION] [--runs N] [--engine quickjs|node|both] [--work DIR]`.
 */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, release } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { engines, oneOf } from '../../scripts/build/target.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages, Missing, reportMissing } from '../../scripts/setup.ts'
import { findPeer } from './peer.ts'
import type { Candidate, Measurement, Plan } from './plan.ts'
import { failures, table, toRows, verdicts } from './report.ts'
import { compileStopwatch } from './stopwatch.ts'

const root = join(import.meta.dirname, '../..')
const peerName = 'reference'

interface Wishes {
  /** A directory or a version. */
  peer?: string | undefined
  rounds: number
  /** Our engines. */
  chosen: readonly string[]
  /** Where the plugins' state lies for the time of the benchmark. */
  workIn: string
}

/** Measures, prints the table, and writes everything to dist/bench.json. */
async function bench({ peer: wish, rounds, chosen, workIn }: Wishes): Promise<void> {
  if (process.getuid?.() !== 0) throw new Missing('the benchmark makes network namespaces: run it as root')
  await ensurePackages('the benchmark', ['iproute2', 'iptables', 'nftables', 'util-linux'])
  const peer = await findPeer(wish)
  const candidates = [{ name: peerName, directory: peer.directory }, ...chosen.map(ours)]
  const conditions = { peer: peer.version, ours: await ownVersion(chosen), rounds, ...machine() }
  for (const [key, value] of Object.entries(conditions)) console.log(`${key}: ${value}`)
  const measurements = await measureAll(candidates, rounds, workIn)
  const rows = toRows(measurements, peerName)
  const verdict = verdicts(rows, 'quickjs')
  console.log(`load at the end: ${loads()}\n\n${table(rows)}\n`)
  for (const line of [...failures(rows), ...verdict]) console.log(line)
  const file = join(root, 'dist/bench.json')
  await writeFile(file, `${JSON.stringify({ ...conditions, rows, verdicts: verdict, measurements })}\n`)
  console.log(`\nwritten: ${file}`)
}

function ours(engine: string): Candidate {
  const directory = join(root, 'dist', engine)
  if (!existsSync(join(directory, 'bridge')))
    throw new Missing(`${directory} holds no built plugins: npm run build -- --engine ${engine}`)
  return { name: engine, directory }
}

function ownVersion([engine = '']: readonly string[]): Promise<string> {
  return run(join(root, 'dist', engine, 'patchbay'), ['version'])
}

/** The machine, as far as figures depend on it. */
function machine() {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    kernel: release(),
    processors: `${processors.length} × ${processors[0]?.model}`,
    load: loads(),
  }
}

function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(', ')
}

/** The stopwatch, and the state that plugins keep, live in a directory for the time of the benchmark. */
async function measureAll(candidates: Candidate[], rounds: number, workIn: string): Promise<Measurement[]> {
  await mkdir(workIn, { recursive: true })
  const work = await mkdtemp(join(workIn, 'bench-'))
  try {
    const state = join(work, 'state')
    await mkdir(state)
    return await onPrivateHost({ candidates, rounds, stopwatch: await compileStopwatch(work), state })
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Runs the rounds on a private host: network, mounts and processes of their own, which vanish with them. */
async function onPrivateHost(plan: Plan): Promise<Measurement[]> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const program = join(import.meta.dirname, 'rounds.ts')
  const input = JSON.stringify(plan)
  const { stdout } = await execa('unshare', [...namespaces, process.execPath, program], {
    input,
    stderr: 'inherit',
  })
  return JSON.parse(stdout)
}

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    runs: { type: 'string', default: '60' },
    engine: { type: 'string', default: 'both' },
    work: { type: 'string', default: join(root, '.cache') },
  },
})
const chosen = values.engine === 'both' ? engines : [oneOf(engines, values.engine, '--engine')]
await reportMissing(() =>
  bench({ peer: values.peer, rounds: Number(values.runs), chosen, workIn: resolve(values.work) }),
)
