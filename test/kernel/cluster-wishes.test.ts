/** Containers ask for certain addresses: in a block of their host, in a free one, and in another host's, whose agent answers. */
// needs: link vxlan, nft bridge
// etcd: 3.5

import { setTimeout as wait } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost, ClusterNetwork, Pod } from '../harness/cluster-host.ts'
import { newFleet, reachEachOther } from '../harness/fleet.ts'
import { privateHost } from '../harness/host.ts'
import type { Started } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const network: ClusterNetwork = {
  ...{ name: 'blue', type: 'vxlan', vni: 42, peers: 'store' },
  ipam: { type: 'pool', pool: 'blue' },
}
/** Addresses alone, of a second network: the plugin of the `ipam` section is called itself. */
const second: ClusterNetwork = { name: 'second', type: 'pool', ipam: network.ipam }

const { hosts, etcd, end } = await newCluster({ hosts: 3 })
const [one, two, three] = hosts as [ClusterHost, ClusterHost, ClusterHost]
const fleet = newFleet(() => network)
const agents = new Map<ClusterHost, Started>()
one.patchbay('pool create blue --range 10.42.0.0/24 --range fd00:42::/120 --block-size 28 --block-size6 124')
for (const host of hosts) {
  host.write('/etc/cni/net.d/blue.conflist', { cniVersion: '1.1.0', name: 'blue', plugins: [network] })
  agents.set(host, host.begin('agent --empty-for 1s'))
}
const pods = new Map<ClusterHost, Pod>()
for (const host of hosts) pods.set(host, await fleet.add(host))

const dataDir = '/var/lib/cni/networks'
const dual = (of: Pod, more: number) => of.addresses.map((address) => later(address, more))
const firstOf = (host: ClusterHost) => pods.get(host) as Pod

/** An address of the same block: the first container has the first or second one of it. */
function later(address: string, more: number): string {
  const [, head = '', last = ''] = /^(.*[.:])(\w+)$/.exec(address) ?? []
  const base = address.includes(':') ? 16 : 10
  return `${head}${(Number.parseInt(last, base) + more).toString(base)}`
}

function asking(addresses: readonly string[], of = network): ClusterNetwork {
  return { ...of, runtimeConfig: { ips: addresses } }
}

function holdingsOf(host: ClusterHost, name = 'blue') {
  return JSON.parse(host.read(`${dataDir}/.patchbay-pool/${name}.json`))
}

function singles(): { address: string; host: string; state: string }[] {
  const { kvs = [] } = JSON.parse(etcd.etcdctl('get', '--prefix', '/patchbay/singles/', '-w', 'json'))
  return kvs.map(({ value }: { value: string }) => JSON.parse(Buffer.from(value, 'base64').toString()))
}

async function deleted(host: ClusterHost, pod: Pod, of = network): Promise<void> {
  const { status, json } = await host.verb('DEL', of, pod)
  assert.is(status, 0, JSON.stringify(json))
}

/** Agents write what they have learned at any time. */
function signalAgents(signal: 'SIGSTOP' | 'SIGCONT', of: readonly ClusterHost[] = hosts): void {
  for (const host of of) agents.get(host)?.kill(signal)
}

/** The revision of the store, after what the agents have sent before they stopped. */
async function stillRevision(): Promise<number> {
  let last = Number.NaN
  await until('the store is still', async () => {
    await wait(500)
    const before = last
    last = etcd.revision()
    return last === before
  })
  return last
}

test('an address of a block at hand is given in each way of asking, and nothing is asked of the store', async () => {
  signalAgents('SIGSTOP')
  const before = await stillRevision()
  const [byCapability = [], byArgs = [], byVariable = []] = [2, 3, 4].map((more) => dual(firstOf(one), more))
  const made = [
    await one.add(asking(byCapability)),
    await one.add({ ...network, args: { cni: { ips: byArgs } } }),
    await one.add(network, { args: `IP=${byVariable[0]}` }),
  ]
  assert.equal(made.flatMap(({ addresses }) => addresses).slice(0, 5), [
    ...byCapability,
    ...byArgs,
    byVariable[0],
  ])
  assert.is(etcd.revision(), before)
  signalAgents('SIGCONT')
  for (const pod of made) await deleted(one, pod)
})

test('addresses of free blocks: the blocks are claimed', async () => {
  const taken = hosts.flatMap((host) => holdingsOf(host).blocks.map(({ block }: { block: string }) => block))
  const free = [...Array(14).keys()].map((at) => at + 1)
  const four = free.map((at) => `10.42.0.${at * 16}`).find((first) => !taken.includes(`${first}/28`)) ?? ''
  const six =
    free.map((at) => `fd00:42::${at.toString(16)}0`).find((first) => !taken.includes(`${first}/124`)) ?? ''
  const wish = [later(four, 5), later(six, 5)]
  const pod = await one.add(asking(wish))
  assert.equal(pod.addresses, wish)
  await deleted(one, pod)
})

/** ADD, again while it is refused for now: the owner has five seconds to answer, which a busy machine needs. */
async function insisting(host: ClusterHost, config: ReturnType<typeof asking>): Promise<Pod> {
  const given: Pod[] = []
  await until('it is given', async () => {
    await host.add(config).then(
      (pod) => given.push(pod),
      (error) => assert.match(String(error), '"code":11'),
    )
    return given.length > 0
  })
  return given[0] as Pod
}

test("addresses of another host's blocks: its agent grants them, the container reaches all others, and after DEL they are the owner's again", async () => {
  const wish = dual(firstOf(two), 6)
  const pod = await insisting(one, asking(wish))
  assert.equal(pod.addresses, wish)
  await reachEachOther([pod, ...pods.values()])
  assert.is((await one.verb('CHECK', network, pod)).status, 0)
  const gc = await two.call({
    verb: 'GC',
    config: {
      cniVersion: '1.1.0',
      ...network,
      'cni.dev/valid-attachments': [{ containerID: firstOf(two).name, ifname: 'eth0' }],
    },
  })
  assert.is(gc.status, 0, JSON.stringify(gc.json))
  const { code, said } = await two.refused(asking(wish))
  assert.is(code, 11)
  assert.match(said, /host1/)
  await deleted(one, pod)
  await until('the store knows of none', () => singles().length === 0)
  await until('the owner can give it', async () => {
    const again = await two.add(asking(wish)).catch(() => undefined)
    if (again) await deleted(two, again)
    return again !== undefined
  })
})

test('an address that a container of the owner has is refused: the error has the reason and the host, and nothing is left', async () => {
  await until('what earlier containers had is given back', () => holdingsOf(one).singles.length === 0)
  // A busy owner may not answer in 5 s.
  await until('the owner refuses it', async () => {
    const { code, said } = await one.refused(asking(firstOf(two).addresses.slice(0, 1)))
    assert.is(code, 11)
    return /host2 does not give 10\.42\.0\.\d+: container \S+ has/.test(said)
  })
  assert.equal([singles(), holdingsOf(one).singles], [[], []])
})

test('two hosts that ask each other at one time, while their agents have to enter, both get what they ask for', async () => {
  signalAgents('SIGSTOP', [one, two])
  const adds = Promise.all([
    insisting(one, asking(dual(firstOf(two), 7))),
    insisting(two, asking(dual(firstOf(one), 7))),
  ])
  await until('both have asked', () => singles().filter(({ state }) => state === 'asked').length >= 2)
  for (const host of [one, two]) {
    agents.get(host)?.kill('SIGHUP')
    agents.get(host)?.kill('SIGCONT')
  }
  const [first, other] = await adds
  await deleted(one, first)
  await deleted(two, other)
})

test("a network asks for an address of another network's block on the same host", async () => {
  const [wish = ''] = dual(firstOf(one), 8)
  const pod = await one.add(asking([wish], second))
  assert.is(pod.addresses[0], wish)
  const { code } = await one.refused(asking([wish]))
  assert.is(code, 11)
  await deleted(one, pod, second)
})

test('the owner has no agent: after some seconds error 11 says what to do, and nothing is left in the store nor on the disk', async () => {
  const agent = agents.get(three)
  agent?.kill()
  await agent?.ended
  const { code, said } = await one.refused(asking(dual(firstOf(three), 5)))
  assert.is(code, 11)
  // After 5 s. After 15, which a claim may take in all, it would say that no block was claimed.
  assert.match(said, /host3 has the block of .*, and has not answered.*patchbay agent runs on host3/s)
  assert.equal(
    singles().filter(({ state }) => state === 'asked'),
    [],
  )
  await until('what earlier containers had is given back', () => holdingsOf(one).singles.length === 0)
  await one.add(network)
})

test.after(end)

test.run()
