/** Five hosts claim blocks from an etcd of three members with TLS and roles, while members and links fail. No address is given twice. */
// needs: link vxlan, nft bridge, qdisc tbf
// etcd: 3.5

import * as assert from 'uvu/assert'
import { expired, notYetValid } from '../harness/certificates.ts'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost } from '../harness/cluster-host.ts'
import { newFleet, packetsOf, reachEachOther } from '../harness/fleet.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const hour = 3600
const { hosts, etcd, cutOff, slow, heal, end } = await newCluster({
  hosts: 5,
  clocks: [0, 2 * hour, -2 * hour],
  etcd: { version: '3.5', members: 3, tls: true, users: [] },
})
const [one, two, three, four, five] = hosts as [
  ClusterHost,
  ClusterHost,
  ClusterHost,
  ClusterHost,
  ClusterHost,
]

/** Addresses alone: the plugin of the `ipam` section is called itself. */
const addresses = { name: 'green', type: 'pool', ipam: { type: 'pool', pool: 'green' } }
const dataDir = '/var/lib/cni/networks'
const fleet = newFleet(() => addresses)
one.patchbay('pool create green --range 10.9.0.0/16 --range fd00:9::/64 --block-size 30 --block-size6 126')

/** Some ADDs on each of the hosts, which may be refused for now. @returns how many were */
async function burst(on: readonly ClusterHost[], each: number): Promise<number> {
  const calls = on.flatMap((host) => Array.from({ length: each }, () => fleet.addOnce(host)))
  const ended = await Promise.allSettled(calls)
  const refused = ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
  for (const reason of refused) assert.match(reason, '"code":11')
  return refused.length
}

/** Some ADDs on each of the hosts work, soon: etcd elects a leader again where a busy machine starves it. */
function allWork(on: readonly ClusterHost[], each: number): Promise<void> {
  return until('all ADDs work', async () => (await burst(on, each)) === 0)
}

test('containers of five hosts reach each other in both families, with whole packets', async () => {
  const network = {
    name: 'blue',
    type: 'vxlan',
    vni: 42,
    peers: 'store',
    ipam: { type: 'pool', pool: 'blue' },
  }
  const { add, living, del } = newFleet(() => network)
  one.patchbay('pool create blue --range 10.42.0.0/16 --range fd00:42::/64')
  const agents = hosts.map((host) => {
    host.write('/etc/cni/net.d/blue.conflist', { cniVersion: '1.1.0', name: 'blue', plugins: [network] })
    return host.begin('agent')
  })
  for (const host of hosts) await add(host)
  const pods = living().map(({ pod }) => pod)
  await reachEachOther(pods)
  const [from, to] = pods
  assert.ok(from && to)
  packetsOf(1450, from, to)
  await del(...pods)
  for (const agent of agents) agent.kill()
  for (const agent of agents) assert.is((await agent.ended).status, 0)
})

test('the leader is killed while all hosts claim: each ADD works or says "later", and afterwards all work', async () => {
  const leader = await etcd.leader()
  const bursts = burst(hosts, 4)
  await leader.kill()
  await bursts
  await allWork(hosts, 2)
  leader.start()
  await leader.ready()
})

test('the quorum is lost: ADD goes on with the blocks at hand, then says what to do; DEL and CHECK work; then all works again', async () => {
  const lost = etcd.members.slice(1)
  const pod = await fleet.add(one)
  for (const { kill } of lost) await kill()
  let refusal: unknown
  for (let adds = 0; adds < 16 && !refusal; adds++)
    await fleet.addOnce(one).catch((error) => (refusal = error))
  assert.match(String(refusal), /"code":11.*etcd/)
  assert.is((await one.verb('CHECK', addresses, pod)).status, 0)
  await fleet.del(pod)
  const again = await fleet.add(one)
  assert.equal(again.addresses, pod.addresses)
  for (const { start } of lost) start()
  for (const { ready } of lost) await ready()
  await allWork([one], 6)
})

/** A host claims, and is cut off while the answer is on its way. @returns its ADDs, and whether it was in time: else it is healed */
async function cutOffBeforeAnswer(host: ClusterHost): Promise<[adds: Promise<number>, isInTime: boolean]> {
  slow(host, 2000)
  const adds = burst([host], 8)
  let haveEnded = false
  adds.finally(() => (haveEnded = true))
  const isClaimed = () => unknownTo(host).length > 0
  await until('a block is claimed, and its host does not know', () => haveEnded || isClaimed())
  cutOff(host, 'in')
  if (isClaimed()) return [adds, true]
  heal(host)
  await adds
  return [adds, false]
}

test('hosts are cut off in both ways, or in one, also while an answer is on its way, and others claim: healed, they claim again', async () => {
  await fleet.add(five)
  const bursts: Promise<number>[] = []
  await until('five is cut off before it has its answer', async () => {
    const [adds, isInTime] = await cutOffBeforeAnswer(five)
    if (isInTime) bursts.push(adds)
    return isInTime
  })
  const cut = [
    [two, 'both'],
    [four, 'out'],
  ] as const
  for (const [host, way] of cut) cutOff(host, way)
  bursts.push(burst([two], 8), burst([four], 8))
  await burst([one, three], 6)
  for (const refused of await Promise.all(bursts)) assert.ok(refused > 0)
  assert.ok(unknownTo(five).length > 0)
  const apart = [two, four, five]
  for (const host of apart) heal(host)
  await allWork(apart, 6)
  assert.equal(unknownTo(five), [])
  for (const host of apart) await host.poolsAreSound()
})

/** The blocks that a host has by the store, and not by its own file. */
function unknownTo(host: ClusterHost): string[] {
  const { kvs = [] } = JSON.parse(etcd.etcdctl('get', '--prefix', '/patchbay/blocks/green/', '-w', 'json'))
  const values = kvs.map(({ value }: { value: string }) =>
    JSON.parse(Buffer.from(value, 'base64').toString()),
  )
  const { blocks } = JSON.parse(host.read(`${dataDir}/.patchbay-pool/green.json`))
  const held = blocks.filter(({ state }: { state: string }) => state === 'held')
  const known = held.map(({ block }: { block: string }) => block)
  const own = values.filter((value: { host: string }) => value.host === host.name)
  return own.map(({ block }: { block: string }) => block).filter((block: string) => !known.includes(block))
}

test('clocks are hours apart: only what people read differs', () => {
  const shown = JSON.parse(one.patchbay('pool show green -o json'))
  const seen = new Map(
    shown.hosts.map(({ host, seen }: { host: string; seen: string }) => [
      host,
      (Date.parse(seen) - Date.now()) / 1000 / hour,
    ]),
  )
  assert.equal(
    ['host1', 'host2', 'host3'].map((host) => Math.round(Number(seen.get(host)))),
    [0, 2, -2],
  )
})

for (const [what, wishes, says] of [
  ['has expired', expired(), /expired.*20\d\d-\d\d-\d\d/],
  ['is not valid yet', notYetValid(), /not valid (yet|until|before).*20\d\d-\d\d-\d\d/],
] as const)
  test(`a host whose certificate ${what} is told so, and since when`, async () => {
    const settings = JSON.parse(four.read('/etc/patchbay/store.json'))
    four.write('/etc/patchbay/store.json', { ...settings, ...etcd.tls?.issue('host4', wishes) })
    const refusals: string[] = []
    for (let adds = 0; adds < 16 && refusals.length === 0; adds++)
      await fleet.addOnce(four).catch((error) => refusals.push(String(error)))
    assert.match(String(refusals), says)
    four.write('/etc/patchbay/store.json', settings)
    await fleet.add(four)
  })

test.after(end)

test.run()
