/**
 * Measures plugins against the reference's: `npm run bench [-- --kinds bridge,macvlan,…] [--peer DIR|VERSION] [--runs N]
 * [--engine quickjs|node|both] [--work DIR] [--guest newest|6.1]`.
 */

import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg, release } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { engines, oneOf } from '../../scripts/build/target.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages, Missing, reportMissing } from '../../scripts/setup.ts'
import { chooseGuest } from '../guest/kernel.ts'
import { type Kernel, kernels } from '../runner/kernels.ts'
import { takeToFirst } from '../runner/plan.ts'
import { measureAll } from './measure.ts'
import { findPeer } from './peer.ts'
import { type Candidate, kinds, type Measurement, needsOf } from './plan.ts'
import { failures, type Row, table, toRows, verdicts } from './report.ts'

const root = join(import.meta.dirname, '../..')
const peerName = 'reference'

interface Options {
  kinds: string[]
  /** A directory or a version. */
  peer?: string | undefined
  rounds: number
  /** Our engines. */
  chosen: readonly string[]
  /** Where the plugins' state lies for the time of the benchmark. */
  workIn: string
}

/** Measures, prints a table for each kernel, and writes everything to dist/bench.json. */
async function bench({ kinds, peer: source, rounds, chosen, workIn }: Options): Promise<void> {
  if (process.getuid?.() !== 0) throw new Missing('the benchmark makes network namespaces: run it as root')
  await ensurePackages('the benchmark', ['iproute2', 'iptables', 'nftables', 'util-linux'])
  const places = await placesOf(kinds)
  const peer = await findPeer(source)
  const candidates = [{ name: peerName, directory: peer.directory }, ...chosen.map(ours)]
  for (const { name, directory } of candidates) mustHave(kinds, name, directory)
  const conditions = { peer: peer.version, ours: await ownVersion(chosen), rounds, ...machine() }
  for (const [key, value] of Object.entries(conditions)) console.log(`${key}: ${value}`)
  const reports: Report[] = []
  for (const { kernel, items } of places)
    reports.push(await report(kernel, await measureAll(kernel, { candidates, kinds: items, rounds }, workIn)))
  console.log(`\nload at the end: ${loads()}`)
  const file = join(root, 'dist/bench.json')
  await writeFile(file, `${JSON.stringify({ ...conditions, reports })}\n`)
  console.log(`written: ${file}`)
}

/** Which kernel measures which kinds. @throws Missing when none can measure one of them */
async function placesOf(kinds: readonly string[]) {
  const { runs, nowhere } = await takeToFirst(kinds, needsOf, kernels())
  const [lost] = nowhere
  if (lost) throw new Missing(`no kernel here can measure ${lost}, which needs ${needsOf(lost).join(', ')}`)
  return runs
}

/** The measurements of one kernel. */
interface Report {
  kernel: string
  rows: Row[]
  verdicts: string[]
  measurements: Measurement[]
}

async function report({ name, run }: Kernel, measurements: Measurement[]): Promise<Report> {
  const rows = toRows(measurements, peerName)
  const verdict = verdicts(rows, 'quickjs')
  const version = (await run(['uname', '--kernel-release'], 60)).output.trim()
  console.log(`\non ${name}, Linux ${version}:\n\n${table(rows)}\n`)
  for (const line of [...failures(rows), ...verdict]) console.log(line)
  return { kernel: version, rows, verdicts: verdict, measurements }
}

function ours(engine: string): Candidate {
  return { name: engine, directory: join(root, 'dist', engine) }
}

function mustHave(kinds: readonly string[], name: string, directory: string): void {
  const remedy = name === peerName ? '' : `: npm run build -- --engine ${name}`
  for (const kind of kinds)
    if (!existsSync(join(directory, kind)))
      throw new Missing(`${directory} holds no plugin named ${kind}${remedy}`)
}

function ownVersion([engine = '']: readonly string[]): Promise<string> {
  return run(join(root, 'dist', engine, 'patchbay'), ['version'])
}

/** Facts of the machine that the figures depend on. */
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

const { values } = parseArgs({
  options: {
    kinds: { type: 'string', default: kinds.join() },
    peer: { type: 'string' },
    runs: { type: 'string', default: '60' },
    engine: { type: 'string', default: 'both' },
    guest: { type: 'string' },
    work: { type: 'string', default: join(root, '.cache') },
  },
})
const chosen = values.engine === 'both' ? engines : [oneOf(engines, values.engine, '--engine')]
await reportMissing(async () => {
  if (values.guest) chooseGuest(values.guest)
  await bench({
    kinds: values.kinds.split(',').map((kind) => oneOf(kinds, kind, '--kinds')),
    peer: values.peer,
    rounds: Number(values.runs),
    chosen,
    workIn: resolve(values.work),
  })
})
