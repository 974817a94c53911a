/** Five hosts share one subnet and one VXLAN segment by an etcd of one member: containers reach each other, through what happens to etcd and to a host. */
// needs: link vxlan, nft bridge
// etcd: 3.4

import * as assert from 'uvu/assert'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost } from '../harness/cluster-host.ts'
import { newFleet, packetsOf, reachEachOther } from '../harness/fleet.ts'
import { privateHost } from '../harness/host.ts'
import { remotesOf } from '../harness/overlay.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const network = {
  ...{ name: 'blue', type: 'vxlan', vni: 42, peers: 'store' },
  ipam: { type: 'pool', pool: 'blue' },
}
const { hosts, etcd, cutOff, heal, end } = await newCluster({ hosts: 5, etcd: { version: '3.4' } })
const [one, two, three, four, five] = hosts as [
  ClusterHost,
  ClusterHost,
  ClusterHost,
  ClusterHost,
  ClusterHost,
]
const [member] = etcd.members
const fleet = newFleet(() => network)
const list = { cniVersion: '1.1.0', name: network.name, plugins: [network] }
for (const host of hosts) host.write('/etc/cni/net.d/blue.conflist', list)
one.patchbay('pool create blue --range 10.42.0.0/24 --range fd00:42::/64 --block-size 28')
const agents = new Map(hosts.map((host) => [host, host.begin('agent')]))

const pods = (...on: readonly ClusterHost[]) =>
  fleet
    .living()
    .filter(({ host }) => on.length === 0 || on.includes(host))
    .map(({ pod }) => pod)

test('containers of four hosts reach each other in both families', async () => {
  for (const host of [one, two, three, five]) for (const _ of [1, 2]) await fleet.add(host)
  await reachEachOther(pods())
})

test('the largest packet passes that the underlay takes with VXLAN around it', () => {
  const [from, to] = [...pods(one), ...pods(five)]
  assert.ok(from && to)
  packetsOf(1450, from, to)
})

test('etcd away: traffic goes on, blocks at hand give addresses, and the agent ends and starts without harm', async () => {
  await member?.kill()
  const agent = agents.get(two)
  agent?.kill('SIGKILL')
  await agent?.ended
  agents.set(two, two.begin('agent'))
  await fleet.add(two)
  await reachEachOther(pods())
  member?.start()
  await member?.ready()
})

test('a fifth host joins while another is cut off, and compaction takes what that one has missed', async () => {
  cutOff(five, 'both')
  await fleet.add(four)
  await until('others know it', () => hasRemote(one, four))
  await member?.kill()
  member?.start()
  await member?.ready()
  etcd.compact()
  assert.not.ok(hasRemote(five, four))
  heal(five)
  await until('the host that was cut off does, too', () => hasRemote(five, four))
  await reachEachOther(pods())
})

test('a host that is installed anew under its old name gets addresses when the old one was released', async () => {
  agents.get(three)?.kill('SIGKILL')
  const own = three.read('/etc/patchbay/store.json')
  await fleet.del(...pods(three))
  three.wipe()
  three.write('/etc/patchbay/store.json', own)
  const { code, said } = await three.refused(network)
  assert.is(code, 11)
  assert.match(said, 'pool release --host host3')
  one.patchbay('pool release --host host3 --yes')
  three.write('/etc/cni/net.d/blue.conflist', list)
  agents.set(three, three.begin('agent'))
  await fleet.add(three)
  await reachEachOther(pods())
})

function hasRemote(host: ClusterHost, other: ClusterHost): boolean {
  return remotesOf(host, 'vx42').includes(other.ipv4)
}

test.after(end)

test.run()
