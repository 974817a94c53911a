/**
 * What the daemons that hold leases need: ours beside the reference's, each with the leases of a thousand containers, and each of those with a
 * namespace and a macvlan of its own on a cable with one dnsmasq. `node test/bench/dhcp-memory.ts [LEASES] [SECONDS]` prints a table for docs/benchmarks.md.
 */

import { setTimeout as wait } from 'node:timers/promises'
import { ensurePackages } from '../../scripts/setup.ts'
import { ensureBuilt } from '../harness/built.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { newestPackage } from '../harness/newest.ts'
import { type Answer, type Call, type Configuration, call } from '../harness/plugin.ts'
import { type Edition, reference } from '../harness/reference.ts'
import { referenceDaemon } from '../harness/reference-dhcp.ts'
import { type Usage, usageOf } from '../harness/usage.ts'
import { table } from './text.ts'

await ensureBuilt('quickjs')
await newestPackage('containernetworking-plugins')
await ensurePackages('the benchmark', ['dnsmasq-base'])
await privateHost()

const [leases = 1000, seconds = 60] = process.argv.slice(2).map(Number)
const atOnce = 16

interface Side {
  name: string
  /** Starts the daemon. */
  daemon(): Promise<{ pid: number }>
  add(request: Call & { config: Configuration }): Promise<Answer>
  /** Of the section ipam. */
  keys?: Record<string, string>
}

function referenceSide(name: string, edition: Edition): Side {
  const daemonSocketPath = `/run/cni/dhcp-${name}.sock`
  const daemon = () => referenceDaemon(edition, { socketPath: daemonSocketPath })
  return { name, daemon, add: (request) => reference(request, edition), keys: { daemonSocketPath } }
}

const sides: readonly Side[] = [
  { name: 'patchbay dhcp', daemon: () => startRenewer(), add: call },
  referenceSide('1.9.1', 'newest'),
  referenceSide('1.1.1', 'installed'),
]

/** What a daemon has without a lease, with all of them, and after it had nothing to do. */
interface Figures {
  name: string
  empty: Usage
  full: Usage
  rested: Usage
}

/** Starts a side's server and daemon, and attaches its containers. */
async function fill(
  { name, daemon, add, keys: more }: Side,
  number: number,
): Promise<Figures & { pid: number }> {
  const cable = segment(`nic${number}`)
  const network = `10.${10 + number}`
  const server = station(cable, `server${number}`, `${network}.0.1/16`)
  await dnsmasqOn(server, {
    ranges: [`${network}.16.0,${network}.31.255,255.255.0.0,1h`],
    words: ['--dhcp-lease-max=5000', '--quiet-dhcp'],
  })
  const { pid } = await daemon()
  const empty = usageOf(pid)
  // Their broadcasts reach the server alone, and not a thousand others.
  const keys = { type: 'macvlan', master: cable.nic, mode: 'private', ipam: { type: 'dhcp', ...more } }
  const config = { cniVersion: '1.0.0', name: `memory-${number}`, ...keys }
  await crowd(leases, async (at) => {
    const { name: containerID, path: netns } = newContainer(`c${number}-${at}`)
    const { status, json } = await add({ verb: 'ADD', config, containerID, netns })
    if (status !== 0) throw new Error(`${name}: ${JSON.stringify(json)}`)
  })
  const full = usageOf(pid)
  return { name, pid, empty, full, rested: full }
}

async function crowd(count: number, action: (at: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await action(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

function rowOf({ name, empty, full, rested }: Figures, ours: Usage): string[] {
  const kibibytes = (value: number) => Math.round(value).toLocaleString('en')
  const processor = (rested.seconds - full.seconds) * 1000
  return [
    name,
    ...[empty.memory, rested.memory, (rested.memory - empty.memory) / leases].map(kibibytes),
    String(rested.threads),
    (ours.memory / rested.memory).toFixed(2),
    processor.toFixed(0),
  ]
}

const figures: (Figures & { pid: number })[] = []
for (const [number, side] of sides.entries()) figures.push(await fill(side, number))
await wait(5_000) // what the last ADD has left to do
for (const one of figures) one.full = usageOf(one.pid)
await wait(seconds * 1000)
for (const one of figures) one.rested = usageOf(one.pid)
const titles = [
  'daemon',
  'empty, KiB',
  'full, KiB',
  'KiB a lease',
  'threads',
  'ours to it',
  `ms of a processor in ${seconds} s`,
]
const [ours] = figures
if (ours)
  console.log(
    table(
      titles,
      figures.map((one) => rowOf(one, ours.rested)),
      1,
    ).join('\n'),
  )
process.exit()
