/**
 * Measures host-local alone, with more and more addresses taken, against the reference's:
 * `npm run bench:ipam [-- --peer DIR|VERSION] [--runs N] [--work DIR]`.
 */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Missing, reportMissing } from '../../scripts/setup.ts'
import { findPeer } from './peer.ts'
import { quantile } from './statistics.ts'
import { compileStopwatch, measure, outputOf } from './stopwatch.ts'

const root = join(import.meta.dirname, '../..')
/** How many addresses of a /16 are taken. */
const loads = [0, 1_000, 10_000, 60_000]
/** Upper limit: our median with the most addresses taken, divided by that with none. */
const AIM = 1.3
const warmUps = 2

/** One implementation with its own directory, in which this number of addresses is taken. */
interface Subject {
  name: string
  executable: string
  taken: number
  input: string
  times: Record<Verb, number[]>
}

type Verb = 'ADD' | 'DEL'

function prepare(work: string, name: string, directory: string, taken: number): Subject {
  const dataDir = join(work, `${name}-${taken}`)
  mkdirSync(join(dataDir, 'net'), { recursive: true })
  for (let host = 2; host < taken + 2; host++) {
    const record = `${String(host).padStart(64, 'c')}\r\neth0`
    writeFileSync(join(dataDir, 'net', `10.88.${host >> 8}.${host & 255}`), record, { mode: 0o600 })
  }
  const ipam = { type: 'host-local', dataDir, subnet: '10.88.0.0/16' }
  const input = join(work, `${name}-${taken}.json`)
  writeFileSync(input, JSON.stringify({ cniVersion: '1.0.0', name: 'net', type: 'host-local', ipam }))
  return { name, executable: join(directory, 'host-local'), taken, input, times: { ADD: [], DEL: [] } }
}

/** Milliseconds for one verb. @throws when it failed */
function run(stopwatch: string, { executable, input }: Subject, verb: Verb, output: string): number {
  const environment = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: 'measured',
    CNI_NETNS: '/run/netns/measured',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/nonexistent',
  }
  const { status, wall } = measure(stopwatch, { program: executable, environment, input, output })
  if (status !== 0) throw new Error(`${executable} ${verb}: ${outputOf(output)}`)
  return wall
}

/** In each round every subject does each verb once, in a new random order. */
function measureAll(subjects: readonly Subject[], rounds: number, stopwatch: string, output: string): void {
  for (let round = -warmUps; round < rounds; round++) {
    const keyed = subjects.map((subject) => ({ subject, key: Math.random() }))
    for (const { subject } of keyed.sort((a, b) => a.key - b.key))
      for (const verb of ['ADD', 'DEL'] as const) {
        const wall = run(stopwatch, subject, verb, output)
        if (round >= 0) subject.times[verb].push(wall)
      }
  }
}

/** The table, in Markdown: medians, and how they compare with those of the same implementation with nothing taken. */
function table(subjects: readonly Subject[]): string {
  const lines = subjects.map((subject) => {
    const idle = subjects.find(({ name, taken }) => name === subject.name && taken === 0) ?? subject
    const cells = (['ADD', 'DEL'] as const).flatMap((verb) => {
      const [median, base] = [subject, idle].map(({ times }) => quantile(times[verb], 0.5))
      return [median?.toFixed(1), ((median ?? 0) / (base ?? 1)).toFixed(2)]
    })
    return `| ${[subject.name, subject.taken, ...cells].join(' | ')} |`
  })
  const head = '| who | taken | ADD ms | to 0 taken | DEL ms | to 0 taken |'
  return [head, '| --- | ---: | ---: | ---: | ---: | ---: |', ...lines].join('\n')
}

function verdict(subjects: readonly Subject[]): string {
  const own = subjects.filter(({ name }) => name === 'quickjs')
  const cost = (subject?: Subject) =>
    quantile(subject?.times.ADD ?? [], 0.5) + quantile(subject?.times.DEL ?? [], 0.5)
  const ratio = cost(own.at(-1)) / cost(own[0])
  const most = loads.at(-1)
  return `${ratio <= AIM ? 'met   ' : 'MISSED'}  ADD and DEL with ${most} taken: ${ratio.toFixed(2)} of those with none, aim ${AIM}`
}

async function bench(source: string | undefined, rounds: number, workIn: string): Promise<void> {
  const ours = process.env.CNI_TEST_BIN ?? join(root, 'dist/quickjs')
  if (!existsSync(join(ours, 'host-local')))
    throw new Missing(`${ours} holds no built plugins: npm run build`)
  const peer = await findPeer(source)
  mkdirSync(workIn, { recursive: true })
  const work = mkdtempSync(join(workIn, 'bench-'))
  try {
    const stopwatch = await compileStopwatch(work)
    const subjects = [
      ...loads.map((taken) => prepare(work, 'reference', peer.directory, taken)),
      ...loads.map((taken) => prepare(work, 'quickjs', ours, taken)),
    ]
    measureAll(subjects, rounds, stopwatch, join(work, 'output'))
    console.log(`peer: ${peer.version}\nrounds: ${rounds}\n\n${table(subjects)}\n\n${verdict(subjects)}`)
  } finally {
    rmSync(work, { recursive: true })
  }
}

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    runs: { type: 'string', default: '20' },
    work: { type: 'string', default: join(root, '.cache') },
  },
})
await reportMissing(() => bench(values.peer, Number(values.runs), resolve(values.work)))
