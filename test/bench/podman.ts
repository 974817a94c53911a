/**
 * `podman run --rm IMAGE true` with a published port: podman 4 with our CNI plugins and with the reference's, podman 5 with our driver
 * patchbay-bridge and with netavark's own bridge, in turn, in an order drawn anew in each round. `node test/bench/podman.ts 4|5 [ROUNDS]`
 * prints a table for docs/benchmarks.md.
 */

import { cpSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from '../clients/harness/client.ts'
import { clientHost } from '../clients/harness/host.ts'
import {
  image,
  installDrivers,
  openPodman,
  type Podman,
  pluginDirectories,
  runOptions,
} from '../clients/harness/podman.ts'
import { rootOf } from '../clients/harness/roots.ts'
import { ensureBuilt } from '../harness/built.ts'
import { executables } from '../harness/plugin.ts'
import { inRandomOrder } from './order.ts'
import { findPeer } from './peer.ts'
import { quantile, ratioOfTimes } from './statistics.ts'
import { milliseconds, spread, table } from './text.ts'

const [version = '4', rounds = '30'] = process.argv.slice(2)

/** What is measured: a network, and what makes its turn. The first is ours. */
interface Seat {
  name: string
  network: string
  take(): void
  times: number[]
}

await ensureBuilt('quickjs')
const peers = version === '4' ? [await findPeer('1.9.1'), await findPeer('1.1.1')] : []
const root = version === '4' ? 'podman-4' : 'podman-5'
await clientHost(rootOf(root))

/** podman 4: /opt/cni/bin leads to the plugins whose turn it is. */
function plugins(): { box: Podman; seats: Seat[] } {
  const all = [{ version: 'patchbay', directory: executables() }, ...peers]
  const install = ({ path }: Client) => {
    for (const { version, directory } of all)
      cpSync(directory, join(path, 'opt/cni', version), { recursive: true, verbatimSymlinks: true })
    for (const name of ['iptables', 'ip6tables']) rmSync(join(path, 'usr/sbin', name), { force: true })
    for (const name of ['iptables', 'ip6tables'])
      symlinkSync('xtables-nft-multi', join(path, 'usr/sbin', name))
    symlinkSync('patchbay', join(path, pluginDirectories.cni))
  }
  const box = openPodman('podman-4', 'cni', install)
  const place = join(box.client.path, pluginDirectories.cni)
  const take = (version: string) => {
    symlinkSync(version, `${place}.new`)
    renameSync(`${place}.new`, place)
  }
  const seats = all.map(({ version: name }, nth) => {
    box.podman('network', 'create', '--subnet', `10.${150 + nth}.0.0/16`, `net${nth}`)
    return { name, network: `net${nth}`, take: () => take(name), times: [] }
  })
  return { box, seats }
}

/** podman 5: two networks beside each other. */
function drivers(): { box: Podman; seats: Seat[] } {
  const box = openPodman('podman-5', 'netavark', (client) => installDrivers(client, ['patchbay-bridge']))
  const seats = ['patchbay-bridge', 'bridge'].map((name, nth) => {
    const options = ['--driver', name, '--disable-dns', '--subnet', `10.${150 + nth}.0.0/16`]
    box.podman('network', 'create', ...options, `net${nth}`)
    return { name, network: `net${nth}`, take: () => {}, times: [] }
  })
  return { box, seats }
}

function measure({ podman }: Podman, { network, take, times }: Seat): void {
  take()
  const start = performance.now()
  podman('run', '--rm', ...runOptions(), '--network', network, '--publish', '18083:80', image, 'true')
  times.push(performance.now() - start)
}

const { box, seats } = version === '4' ? plugins() : drivers()
for (let round = -1; round < Number(rounds); round++) {
  for (const seat of inRandomOrder(seats)) measure(box, seat)
  // The first round makes what stays.
  if (round === -1) for (const { times } of seats) times.length = 0
}

const [own, ...others] = seats
const head = [
  `podman ${version}`,
  ...seats.map(({ name }) => name),
  ...others.map(({ name }) => `to ${name}`),
]
const medians = seats.map(({ times }) => milliseconds(quantile(times, 0.5)))
const ratios = others.map(({ times }) => spread(ratioOfTimes(own?.times ?? [], times)))
console.log(table(head, [['run --rm', ...medians, ...ratios]], 1).join('\n'))
process.exit()
