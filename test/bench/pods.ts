/**
 * Pods by containerd: RunPodSandbox, StopPodSandbox and RemovePodSandbox as the kubelet asks for them, with our plugins and with the
 * reference's, in turn, in an order drawn anew in each round. `node test/bench/pods.ts [ROUNDS]` prints a table for docs/benchmarks.md.
 */

import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from '../clients/harness/client.ts'
import { startContainerd } from '../clients/harness/containerd.ts'
import type { Cri } from '../clients/harness/cri.ts'
import { clientHost } from '../clients/harness/host.ts'
import { rootOf } from '../clients/harness/roots.ts'
import { ensureBuilt } from '../harness/built.ts'
import { bridgeNetwork, exampleNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { inRandomOrder } from './order.ts'
import { findPeer } from './peer.ts'
import { quantile, ratioOfTimes } from './statistics.ts'
import { milliseconds, spread, table } from './text.ts'

const rounds = Number(process.argv[2] ?? 30)
const root = 'containerd-bench'

await ensureBuilt('quickjs')
const peers = [await findPeer('1.9.1'), await findPeer('1.1.1')]
await clientHost(rootOf(root))

const candidates = [
  { name: 'quickjs', directory: executables() },
  ...peers.map(({ version, directory }) => ({ name: version, directory })),
]

const lists = {
  bridge: bridgeNetwork({ isDefaultGateway: true }),
  '[250-kubernetes](../conf-examples/250-kubernetes.conflist)': exampleNetwork('250-kubernetes.conflist'),
}

/** A list that one candidate attaches: a runtime handler of containerd. Each has a bridge, a subnet and records of its own. */
const seats = Object.entries(lists).flatMap(([list, network], number) =>
  candidates.map(({ name }, nth) => {
    const handler = `h${number}${nth}`
    const text = JSON.stringify({ ...network, name: handler })
      .replaceAll(/10\.\d+\.0\.0/g, `10.${100 + 10 * number + nth}.0.0`)
      .replaceAll(/fd00:10:[0-9a-f]+/g, `fd00:10:${100 + 10 * number + nth}`)
      .replaceAll(/"bridge":"[^"]*"/g, `"bridge":"br-${handler}"`)
    return { list, candidate: name, handler, text, times: { Run: [], Stop: [], Remove: [] } as Times }
  }),
)

type Times = Record<'Run' | 'Stop' | 'Remove', number[]>
type Seat = (typeof seats)[number]

/** The default handler is no longer there when others are named. */
const handlers = ['runc', ...seats.map(({ handler }) => handler)].map(
  (handler) => `
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${handler}]
  runtime_type = "io.containerd.runc.v2"
  cni_conf_dir = "/etc/cni/${handler === 'runc' ? 'net.d' : handler}"
`,
)

/** The reference executes iptables, whose name an installation would have made. */
const iptables = ['iptables', 'ip6tables']

/** The directories of lists and plugins. /opt/cni/bin leads to those whose turn it is. */
function prepare({ path }: Client): void {
  for (const { handler, text } of seats) {
    mkdirSync(join(path, 'etc/cni', handler), { recursive: true })
    writeFileSync(join(path, 'etc/cni', handler, '10.conflist'), text)
  }
  for (const name of iptables) symlinkSync('xtables-nft-multi', join(path, 'usr/sbin', name))
  for (const { name, directory } of candidates)
    cpSync(directory, join(path, 'opt/cni', name), { recursive: true, verbatimSymlinks: true })
}

function turnOf({ candidate }: Seat, { path }: Client): void {
  const place = join(path, 'opt/cni/bin')
  rmSync(`${place}.new`, { force: true })
  symlinkSync(candidate, `${place}.new`)
  renameSync(`${place}.new`, place)
}

async function measure(seat: Seat, cri: Cri): Promise<void> {
  const timed = async <T>(verb: keyof Times, act: () => Promise<T>) => {
    const start = performance.now()
    const result = await act()
    seat.times[verb].push(performance.now() - start)
    return result
  }
  const ports = [{ hostPort: 18083, containerPort: 80 }]
  const pod = await timed('Run', () => cri.run({ name: seat.handler, handler: seat.handler, ports }))
  await timed('Stop', () => cri.stop(pod))
  await timed('Remove', () => cri.remove(pod))
}

function row(list: string, verb: keyof Times): string[] {
  const [own, ...others] = seats.filter((seat) => seat.list === list).map(({ times }) => times[verb])
  const all = [own ?? [], ...others]
  const medians = all.map((times) => milliseconds(quantile(times, 0.5)))
  return [
    list,
    `${verb}PodSandbox`,
    ...medians,
    ...others.map((times) => spread(ratioOfTimes(own ?? [], times))),
  ]
}

const containerd = await startContainerd(root, JSON.stringify(exampleNetwork('250-kubernetes.conflist')), {
  more: handlers.join(''),
  prepare,
})
const { client, cri } = containerd
rmSync(join(client.path, 'opt/cni/bin'), { recursive: true })

for (let round = -1; round < rounds; round++) {
  for (const seat of inRandomOrder(seats)) {
    turnOf(seat, client)
    await measure(seat, cri)
  }
  // The first round makes bridges and chains that stay.
  if (round === -1) for (const { times } of seats) for (const list of Object.values(times)) list.length = 0
}

const verbs = ['Run', 'Stop', 'Remove'] as const
const head = [
  'list',
  '',
  ...candidates.map(({ name }) => name),
  ...peers.map(({ version }) => `to ${version}`),
]
console.log(
  table(
    head,
    Object.keys(lists).flatMap((list) => verbs.map((verb) => row(list, verb))),
    2,
  ).join('\n'),
)
process.exit()
