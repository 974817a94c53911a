/** Pools change while containers have their addresses; two networks share one; an agent gives back while a plugin gives. No address is given twice. */
// needs: nft bridge
// etcd: 3.5

import * as assert from 'uvu/assert'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost, ClusterNetwork, Pod } from '../harness/cluster-host.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const { hosts, etcd, end } = await newCluster({ hosts: 2 })
const [one, two] = hosts as [ClusterHost, ClusterHost]
const agents = new Map(hosts.map((host) => [host, host.begin('agent --empty-for 0s')]))

const dataDir = '/var/lib/cni/networks'

/** Addresses alone: the plugin of the `ipam` section is called itself. */
const networkOf = (pool: string, name = pool): ClusterNetwork => ({
  ...{ name, type: 'pool' },
  ipam: { type: 'pool', pool },
})

/** Has the agents of both hosts serve a network. */
function configure(network: ClusterNetwork): void {
  const list = { cniVersion: '1.1.0', name: network.name, plugins: [network] }
  for (const host of hosts) host.write(`/etc/cni/net.d/${network.name}.conflist`, list)
}

function held(host: ClusterHost, { name }: ClusterNetwork): string[] {
  const { blocks } = JSON.parse(host.read(`${dataDir}/.patchbay-pool/${name}.json`))
  return blocks.flatMap(({ block, state }: { block: string; state: string }) =>
    state === 'held' ? block : [],
  )
}

const definitionOf = (host: ClusterHost, { name }: ClusterNetwork) =>
  JSON.parse(host.read(`${dataDir}/.patchbay-pool/${name}.json`)).definition

const addressOf = ({ addresses: [address = ''] }: Pod) => address

function keysIn(pool: string): string[] {
  return etcd
    .etcdctl('get', '--prefix', '--keys-only', `/patchbay/blocks/${pool}/`)
    .split('\n')
    .filter(Boolean)
}

/** ADDs until one is refused. @returns the pods, and why no more came */
async function fill(
  host: ClusterHost,
  network: ClusterNetwork,
  most = 40,
): Promise<{ pods: Pod[]; why: string }> {
  const pods: Pod[] = []
  for (; pods.length < most; ) {
    const added = await host.add(network).catch(String)
    if (typeof added === 'string') return { pods, why: added }
    pods.push(added)
  }
  return { pods, why: '' }
}

async function succeed(verb: 'DEL' | 'CHECK', host: ClusterHost, network: ClusterNetwork, ...pods: Pod[]) {
  for (const pod of pods) {
    const { status, json } = await host.verb(verb, network, pod)
    assert.is(status, 0, JSON.stringify(json))
  }
}

test('a pool grows and shrinks: all containers go on, no address outside is given, and blocks go back when their containers end', async () => {
  const network = networkOf('blue')
  one.patchbay('pool create blue --range 10.1.0.0/28 --block-size 30')
  configure(network)
  const before = await fill(one, network)
  assert.is(before.pods.length, 13)
  assert.match(before.why, /"code":11.*no free IPv4 block.*pool change blue/)
  one.patchbay('pool change blue --range 10.1.1.0/28')
  const [grown] = [await one.add(network)]
  assert.match(addressOf(grown), /^10\.1\.1\./)
  one.patchbay('pool change blue --remove 10.1.0.0/28')
  await until('the agent knows', () => definitionOf(one, network).ranges.length === 1)
  const [freed, ...others] = before.pods as [Pod, ...Pod[]]
  await succeed('CHECK', one, network, ...before.pods)
  await succeed('DEL', one, network, freed)
  const after = await fill(one, network)
  assert.is(after.pods.length, 12)
  assert.ok(after.pods.every((pod) => addressOf(pod).startsWith('10.1.1.')))
  assert.is((await one.refused({ ...network, runtimeConfig: { ips: [addressOf(freed)] } })).code, 7)
  await succeed('DEL', one, network, ...others)
  await until('what is outside goes back', () =>
    held(one, network).every((block) => block.startsWith('10.1.1.')),
  )
  await succeed('DEL', one, network, grown, ...after.pods)
  await until('a spare one stays', () => keysIn('blue').length === 1)
})

test('a pool shrinks to another range while one block of it is in use: an empty block outside is not kept as a spare', async () => {
  const network = networkOf('shrunk')
  one.patchbay('pool create shrunk --range 10.2.0.0/28 --range 10.2.1.0/28 --block-size 30')
  configure(network)
  const inside = await one.add({ ...network, runtimeConfig: { ips: ['10.2.1.5'] } })
  const outside = await one.add({ ...network, runtimeConfig: { ips: ['10.2.0.5'] } })
  one.patchbay('pool change shrunk --remove 10.2.0.0/28')
  await until('the agent knows', () => definitionOf(one, network).ranges.length === 1)
  await succeed('CHECK', one, network, outside)
  await succeed('DEL', one, network, outside)
  await until('it goes back', () => !held(one, network).includes('10.2.0.4/30'))
  await succeed('DEL', one, network, inside)
})

test('a pool is closed with addresses out, opened again, closed and deleted, and made anew with other ranges under its name', async () => {
  const network = networkOf('green')
  const create = (range: string) => one.patchbay(`pool create green --range ${range} --block-size 30`)
  create('10.3.0.0/24')
  configure(network)
  const pods = [await one.add(network), await two.add(network)]
  assert.match(one.patchbay('pool delete green', 1), /pool delete green --close/)
  one.patchbay('pool delete green --close')
  for (const host of hosts) await until('its agent knows', () => definitionOf(host, network).closing === true)
  for (const [at, host] of hosts.entries()) {
    const { code, said } = await host.refused(network)
    assert.is(code, 11)
    assert.match(said, /pool green is being deleted/)
    await succeed('CHECK', host, network, pods[at] as Pod)
  }
  one.patchbay('pool change green --reopen')
  for (const host of hosts) await until('its agent knows', () => !definitionOf(host, network).closing)
  pods.push(await one.add(network))
  one.patchbay('pool delete green --close')
  await succeed('DEL', one, network, ...pods.filter((_, at) => at !== 1))
  await succeed('DEL', two, network, ...pods.filter((_, at) => at === 1))
  await until('all has gone back', () => keysIn('green').length === 0)
  assert.match(one.patchbay('pool delete green'), /deleted/)
  const { code, said } = await one.refused(network)
  assert.is(code, 7)
  assert.match(said, /has no pool green.*pool create green/s)
  create('10.33.0.0/24')
  for (const host of hosts) {
    const pod = await host.add(network)
    assert.match(addressOf(pod), /^10\.33\.0\./)
    await succeed('DEL', host, network, pod)
  }
  await one.poolsAreSound()
})

test('two networks of a host with one pool have blocks of their own: GC of one leaves the addresses of the other', async () => {
  const [first, second] = [networkOf('red'), networkOf('red', 'red2')]
  one.patchbay('pool create red --range 10.4.0.0/24 --block-size 29')
  configure(first)
  const pods = [await one.add(first), await one.add(first)]
  const others = [await one.add(second), await one.add(second)]
  assert.is(new Set([...pods, ...others].map(addressOf)).size, 4)
  assert.not.ok(held(one, first).some((block) => held(one, second).includes(block)))
  const config = { cniVersion: '1.1.0', ...first, 'cni.dev/valid-attachments': [] }
  assert.is((await one.call({ verb: 'GC', config })).status, 0)
  await succeed('CHECK', one, second, ...others)
  assert.is((await one.verb('CHECK', first, pods[0] as Pod)).status, 1)
  await succeed('DEL', one, second, ...others)
  await one.poolsAreSound()
})

test('containers come and go at the edge of a block while the agent gives back at once: none has the address of another, and none is lost', async () => {
  const network = networkOf('edge')
  one.patchbay('pool create edge --range 10.5.0.0/27 --block-size 30')
  configure(network)
  const living = new Set<string>()
  const comeAndGo = async () => {
    for (let round = 0; round < 8; round++) {
      const pod = await one.add(network)
      assert.not.ok(living.has(addressOf(pod)), `${addressOf(pod)} is given twice`)
      living.add(addressOf(pod))
      await succeed('CHECK', one, network, pod)
      living.delete(addressOf(pod))
      await succeed('DEL', one, network, pod)
    }
  }
  await Promise.all([0, 1, 2, 3].map(comeAndGo))
  await until('a spare block stays', () => keysIn('edge').length === 1 && held(one, network).length === 1)
  const { pods } = await fill(one, network)
  assert.is(new Set(pods.map(addressOf)).size, 29)
  await succeed('DEL', one, network, ...pods)
  await one.poolsAreSound()
})

test('the agents end well', async () => {
  for (const agent of agents.values()) agent.kill()
  for (const agent of agents.values()) {
    const { status, stderr, stdout } = await agent.ended
    assert.is(status, 0)
    assert.not.match(stdout + stderr, /bug of the plugin|TypeError/)
  }
})

test.after(end)

test.run()
