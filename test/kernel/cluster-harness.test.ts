/** The harness's cluster: hosts have files, names and clocks of their own, containers, and a switch that cuts them off in each way. */
// needs: link vxlan, nft bridge
// etcd: 3.5

import * as assert from 'uvu/assert'
import type { StoreConfig } from '../../shared/store/config.ts'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost } from '../harness/cluster-host.ts'
import { patient } from '../harness/etcd-access.ts'
import { etcdProgram } from '../harness/etcd-programs.ts'
import { privateHost } from '../harness/host.ts'
import { fixed } from '../harness/networks.ts'
import { runAlone } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'

await privateHost()

const { hosts, etcd, cutOff, heal, stores } = await newCluster({
  hosts: 3,
  clocks: [0, 3600],
  etcd: { members: 3, tls: true },
})
const [one, two, three] = hosts
assert.ok(one && two && three)

const inHost = (host: ClusterHost, ...words: string[]) => {
  const [file = '', ...args] = [
    ...host.under,
    'env',
    ...Object.entries(host.env).map((pair) => pair.join('=')),
  ]
  return runAlone(file, [...args, ...words]).stdout
}

test('each host has what it enters etcd with', () => {
  const { endpoints, ca, cert, key }: StoreConfig = JSON.parse(two.read('/etc/patchbay/store.json'))
  const options = [`--endpoints=${endpoints}`, `--cacert=${ca}`, `--cert=${cert}`, `--key=${key}`]
  assert.match(inHost(two, etcdProgram('3.5', 'etcdctl'), ...options, ...patient(['put', 'a', 'b'])), 'OK')
  assert.is(etcd.etcdctl('get', 'a', '--print-value-only'), 'b\n')
})

test('hosts have names and files of their own, which a new installation empties', () => {
  one.write('/var/lib/patchbay/host.json', { id: 1 })
  assert.is(inHost(one, 'hostname'), 'host1\n')
  assert.is(inHost(one, 'cat', '/var/lib/patchbay/host.json'), '{"id":1}')
  assert.is(inHost(two, 'ls', '/var/lib/patchbay'), '')
  one.wipe()
  assert.is(inHost(one, 'ls', '/var/lib/patchbay', '/var/lib/cni'), '/var/lib/cni:\n\n/var/lib/patchbay:\n')
})

test('a host’s clock can be wrong for the node executable, not for the other', () => {
  const hours = (host: ClusterHost) =>
    Math.round((Number(inHost(host, process.execPath, '-p', 'Date.now()')) - Date.now()) / 3_600_000)
  assert.equal([one, two, three].map(hours), [0, 1, 0])
})

test('containers of two hosts reach each other; CHECK and DEL run on their host', async () => {
  const network = { name: 'segment', type: 'vxlan', vni: 7 }
  const left = { ...network, remote: two.ipv4, ipam: fixed('10.7.0.1/24') }
  const right = { ...network, remote: one.ipv4, ipam: fixed('10.7.0.2/24') }
  const [here, there] = [await one.add(left), await two.add(right)]
  assert.ok(pings(here, ...there.addresses))
  assert.is((await one.verb('CHECK', left, here)).status, 0)
  assert.match(one.patchbay('ls'), new RegExp(`${here.name}\\b`))
  assert.not.match(one.patchbay('ls'), new RegExp(`${there.name}\\b`))
  for (const [host, config, pod] of [
    [one, left, here],
    [two, right, there],
  ] as const)
    assert.is((await host.verb('DEL', config, pod)).status, 0)
  assert.match((await one.refused({ name: 'bad', type: 'vxlan' })).said, 'vni')
})

test('a host is cut off in both ways, or in one', async () => {
  cutOff(one, 'both')
  assert.ok(isSilent(one, two.ipv4, two.ipv6))
  assert.ok(pings(two, three.ipv4, three.ipv6, ...stores.map(({ ipv4 }) => ipv4)))
  heal(one)
  assert.ok(pings(one, two.ipv4, two.ipv6, three.ipv4))
  for (const [way, heard] of [
    ['in', true],
    ['out', false],
  ] as const) {
    cutOff(one, way)
    const lines = await overhear('eth0', `icmp and src ${one.ipv4}`, () => isSilent(one, three.ipv4), three)
    assert.is(lines.length > 0, heard, way)
    heal(one)
  }
})

test.run()
