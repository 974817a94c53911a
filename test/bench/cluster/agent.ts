/** One real `patchbay agent` with a VTEP of this kernel, beside a store with thousands of peers: its memory, its processor time, and how soon it knows. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { measured, startAgent } from '../../harness/agent.ts'
import { ip } from '../../harness/command.ts'
import { ownEtc } from '../../harness/etc.ts'
import { newContainer } from '../../harness/host.ts'
import { fixed } from '../../harness/networks.ts'
import { type Configuration, call } from '../../harness/plugin.ts'
import { until } from '../../harness/until.ts'
import { neighbourOf, type Put, putAll, vtepOf } from './fill.ts'
import { openConnection } from './hosts.ts'
import type { MeasuredStore } from './store.ts'

export interface AgentState {
  /** What the VTEP has: other hosts, and their containers' MAC addresses. */
  peers: number
  neighbours: number
  /** From its start to all entries in the kernel. */
  seconds: number
  /** MB: at the most, and half a minute after its start. */
  peak: number
  resident: number
  /** Seconds of a processor until then. */
  start: number
  /** Share of a processor while nothing changes, and with ten new containers a second in the cluster. */
  idle: number
  churn: number
}

const vni = 7

/** With no peers, with 10,000 neighbours on so many hosts, and with 90,000: more than 100,000 of a VNI are not taken. */
export async function measureAgents(store: MeasuredStore, hosts: number): Promise<AgentState[]> {
  await prepareAgent(store)
  const numbers = Array.from({ length: hosts }, (_, host) => host)
  const peers = numbers.map((host) => vtepOf(host, vni))
  const neighbours = (each: number) =>
    numbers.flatMap((host) => Array.from({ length: each }, (_, nth) => neighbourOf(host, vni, nth)))
  const states = [await measureAgent(store, { peers: [], neighbours: [] }, [])]
  for (const each of [10, 90]) {
    const more = numbers.slice(0, 200).map((host) => neighbourOf(host, vni, each))
    states.push(await measureAgent(store, { peers, neighbours: neighbours(each) }, more))
  }
  return states
}

/** /etc of its own, an underlay, and one container of this host in the VNI. */
export async function prepareAgent(store: MeasuredStore): Promise<void> {
  ownEtc('/etc/cni/net.d', '/etc/patchbay')
  writeFileSync('/etc/patchbay/store.json', JSON.stringify({ ...store.etcd.store(), host: 'measured' }))
  ip('link add under type bridge')
  ip('address add 192.168.255.254/16 dev under')
  ip('link set under up')
  ip('route add default dev under')
  const network = { type: 'vxlan', vni, peers: 'store', arpSuppress: true }
  const config = { cniVersion: '1.0.0', name: 'bench', ...network, ipam: fixed('10.255.0.1/8') }
  mkdirSync('/etc/cni/net.d', { recursive: true })
  writeFileSync('/etc/cni/net.d/bench.conf', JSON.stringify(config))
  const { name, path } = newContainer()
  const request = { verb: 'ADD', config: config as Configuration, containerID: name, netns: path } as const
  const { status, json } = await call(request)
  if (status !== 0) throw new Error(JSON.stringify(json))
}

/** @param seconds of each of the two shares of a processor */
export async function measureAgent(
  store: MeasuredStore,
  there: { peers: readonly Put[]; neighbours: readonly Put[] },
  more: readonly Put[],
  seconds = 20,
): Promise<AgentState> {
  const writer = await openConnection(store.etcd.store())
  await putAll(writer, there.peers)
  await putAll(writer, there.neighbours)
  const begin = performance.now()
  const agent = await startAgent()
  await until('the VTEP has all', async () => await hasAll(there), 120)
  const took = (performance.now() - begin) / 1000
  const start = processorOf(agent.pid)
  await pause(Math.max(0, 30_000 - took * 1000))
  const { peak, resident } = memoryOf(agent.pid)
  const idle = await shareOf(agent.pid, seconds, [], writer)
  const churn = await shareOf(agent.pid, seconds, more, writer)
  agent.kill('SIGTERM')
  await agent.ended()
  writer.close()
  const counts = { peers: there.peers.length, neighbours: there.neighbours.length }
  return { ...counts, seconds: took, peak, resident, start, idle, churn }
}

async function hasAll({ peers, neighbours }: { peers: readonly Put[]; neighbours: readonly Put[] }) {
  const of = (name: string) => measured(`patchbay_vxlan_${name}`, { vni: String(vni) })
  return (await of('peers')) >= peers.length && (await of('neighbours')) >= neighbours.length
}

/** Writes keys, ten a second, while it measures. */
async function shareOf(
  pid: number,
  seconds: number,
  puts: readonly Put[],
  writer: Awaited<ReturnType<typeof openConnection>>,
): Promise<number> {
  const [begin, before] = [performance.now(), processorOf(pid)]
  for (let nth = 0; performance.now() - begin < seconds * 1000; nth++) {
    const put = puts[nth]
    if (put) await putAll(writer, [put])
    await pause(Math.max(0, begin + (nth + 1) * 100 - performance.now()))
  }
  return (processorOf(pid) - before) / ((performance.now() - begin) / 1000)
}

/** proc_pid_status(5), in MB. */
function memoryOf(pid: number): { peak: number; resident: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1000
  return { peak: of('VmHWM'), resident: of('VmRSS') }
}

/** User and system time of all threads (proc_pid_stat(5)), seconds. */
function processorOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
