/**
 * Traffic through a host port, with one mapping and with a thousand: connections per second, and the time of a question and its answer
 * over one connection. Ours and the reference's two back ends take turns, each in network namespaces of its own.
 * `node test/bench/through-port.ts [SECONDS]` prints a table for docs/benchmarks.md.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ensureBuilt } from '../harness/built.ts'
import { command, ip } from '../harness/command.ts'
import { farHost, type Netns, near, newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { type Configuration, call } from '../harness/plugin.ts'
import { findPeer } from './peer.ts'
import { quantile } from './statistics.ts'

await ensureBuilt('quickjs')
const { directory } = await findPeer('1.9.1')
await privateHost()
const outside = farHost()
const middle = (values: number[]) => quantile(values, 0.5)
const seconds = Number(process.argv[2] ?? 2)

const way = (name: string, keys: Record<string, unknown>, path?: string) => ({ name, keys, path })
const ways = [
  way('quickjs', {}),
  way('1.9.1 nftables', { backend: 'nftables' }, directory),
  way('1.9.1 iptables', { backend: 'iptables' }, directory),
]

ip('link add br0 type bridge')
ip('address add 10.88.0.1/16 dev br0')
ip('link set br0 up')
setSysctl('net/ipv4/ip_forward', 1)
const container = newContainer('server')
ip(`link add v0 type veth peer name eth0 netns ${container.name}`)
ip('link set v0 master br0 up')
for (const line of [
  'address add 10.88.0.2/16 dev eth0',
  'link set eth0 up',
  'route add default via 10.88.0.1',
])
  ip(`-n ${container.name} ${line}`)
const echo =
  "require('net').createServer({noDelay:true},s=>{s.on('error',()=>{});s.on('data',d=>s.write(d))}).listen(7000,'0.0.0.0',4096,()=>console.log('up'))"
await ready(inside(container, echo))

/** Attaches the container with this many mappings; that of port 8080 comes last. */
async function map({ keys, path }: (typeof ways)[number], count: number): Promise<void> {
  const others = Array.from({ length: count - 1 }, (_, n) => ({
    hostPort: 20_000 + n,
    containerPort: 7000,
    protocol: 'tcp',
  }))
  const portMappings = [...others, { hostPort: 8080, containerPort: 7000, protocol: 'tcp' }]
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', sandbox: container.path }],
    ips: [{ address: '10.88.0.2/16', interface: 0 }],
  }
  const config: Configuration = {
    type: 'portmap',
    name: 'bench',
    cniVersion: '1.0.0',
    prevResult,
    runtimeConfig: { portMappings },
    ...keys,
  }
  const under = path ? { under: ['sh', '-c', `exec ${join(path, 'portmap')}`], env: { CNI_PATH: path } } : {}
  command('nft', 'flush', 'ruleset')
  const { status, json } = await call({
    verb: 'ADD',
    config,
    containerID: 'server',
    netns: container.path,
    ...under,
  })
  if (status !== 0) throw new Error(JSON.stringify(json))
}

/** What a client measures: connections, and rounds of one byte on one connection. */
const client = `
const net = require('net'), end = Date.now() + ${seconds * 1000}, times = []
const once = () => new Promise((done, fail) => { const s = net.connect(8080, '${near.ipv4}', () => s.write('x')); s.once('data', () => s.resetAndDestroy()); s.once('close', done); s.once('error', fail) })
;(async () => {
  let connections = 0
  const began = performance.now()
  while (Date.now() < end) { await once(); connections++ }
  const rate = connections / (performance.now() - began) * 1000
  const s = net.connect({ port: 8080, host: '${near.ipv4}', noDelay: true })
  await new Promise((done) => s.once('connect', done))
  const stop = Date.now() + ${seconds * 1000}
  while (Date.now() < stop) { const t = performance.now(); s.write('x'); await new Promise((done) => s.once('data', done)); times.push((performance.now() - t) * 1000) }
  times.sort((a, b) => a - b)
  console.log(JSON.stringify({ rate, latency: times[times.length >> 1] }))
  process.exit()
})()`

function inside({ name }: Netns, program: string): ChildProcess {
  return spawn('ip', ['netns', 'exec', name, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function ready(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  return String(chunk)
}

const rows: string[] = []
for (const count of [1, 1000]) {
  const measured = new Map(ways.map(({ name }) => [name, [] as { rate: number; latency: number }[]]))
  for (let round = 0; round < 5; round++)
    for (const one of ways) {
      await map(one, count)
      measured.get(one.name)?.push(JSON.parse(await ready(inside(outside, client))))
    }
  for (const [name, found] of measured) {
    const [rate, latency] = [middle(found.map((one) => one.rate)), middle(found.map((one) => one.latency))]
    rows.push(`| ${count.toLocaleString('en')} | ${name} | ${Math.round(rate)} | ${Math.round(latency)} |`)
  }
}
console.log(
  [
    '| mappings | who | connections per second | question and answer, µs |',
    '|---|---|---:|---:|',
    ...rows,
  ].join('\n'),
)
process.exit()
