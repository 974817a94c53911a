/** Hosts that are copied, renamed, released and come back, and a data directory of etcd that is copied back: no address is given twice, and what errors say helps. */
// needs: nft bridge
// etcd: 3.5

import { cpSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost, ClusterNetwork, Pod } from '../harness/cluster-host.ts'
import { command } from '../harness/command.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const network: ClusterNetwork = { name: 'blue', type: 'pool', ipam: { type: 'pool', pool: 'blue' } }
const { hosts, etcd, end } = await newCluster({ hosts: 3 })
const [one, two, three] = hosts as [ClusterHost, ClusterHost, ClusterHost]
const identity = '/var/lib/patchbay/host.json'
const dataDir = '/var/lib/cni/networks'
const holdings = `${dataDir}/.patchbay-pool/blue.json`
one.patchbay('pool create blue --range 10.1.0.0/26 --block-size 29')

const addressOf = ({ addresses: [address = ''] }: Pod) => address

/** The blocks that a host has noted, with their states. */
function blocks(host: ClusterHost): { block: string; state: string }[] {
  return JSON.parse(host.read(holdings)).blocks
}

/** Whether a host has noted blocks, all in one state. */
function areAll(host: ClusterHost, state: string): boolean {
  const all = blocks(host)
  return all.length > 0 && all.every((one) => one.state === state)
}

/** Its disk and its name in the store, as a copied virtual machine has them. */
function copy(from: ClusterHost, to: ClusterHost, pods: readonly Pod[], name = from.name): void {
  to.wipe()
  rename(to, name)
  for (const file of [identity, holdings, ...pods.map((pod) => `${dataDir}/blue/${addressOf(pod)}`)])
    to.write(file, from.read(file))
}

/** The host's name in the store, as `store.host` says. */
function rename(host: ClusterHost, name: string): void {
  host.write('/etc/patchbay/store.json', { ...etcd.store(host.name), host: name })
}

/** Removes files of a host. */
function remove(host: ClusterHost, ...files: string[]): void {
  command(...(host.under as [string, ...string[]]), 'rm', '-r', ...files)
}

async function succeed(verb: 'DEL' | 'CHECK', host: ClusterHost, ...pods: Pod[]): Promise<void> {
  for (const pod of pods) {
    const { status, json } = await host.verb(verb, network, pod)
    assert.is(status, 0, JSON.stringify(json))
  }
}

/** ADDs until one is refused. */
async function fill(host: ClusterHost): Promise<{ pods: Pod[]; why: string }> {
  const pods: Pod[] = []
  for (;;) {
    const added = await host.add(network).catch(String)
    if (typeof added === 'string') return { pods, why: added }
    pods.push(added)
  }
}

/** Runs the host's agent until something is so. @returns what it said */
async function withAgent(host: ClusterHost, what: string, isSo: () => boolean): Promise<string> {
  host.write('/etc/cni/net.d/blue.conflist', { cniVersion: '1.1.0', name: 'blue', plugins: [network] })
  const agent = host.begin('agent --empty-for 0s')
  await until(what, isSo)
  agent.kill()
  const { status, stdout, stderr } = await agent.ended
  assert.is(status, 0)
  return stdout + stderr
}

function stored(key: string): Record<string, unknown> | undefined {
  const text = etcd.etcdctl('get', '--print-value-only', `/patchbay/${key}`)
  return text === '' ? undefined : JSON.parse(text)
}

const keysBelow = (prefix: string) =>
  etcd.etcdctl('get', '--prefix', '--keys-only', `/patchbay/${prefix}`).split('\n').filter(Boolean)

test('a host that was renamed keeps its blocks under its new name, and nothing is left of the former one', async () => {
  const pod = await three.add(network)
  rename(three, 'drei')
  await withAgent(
    three,
    'it has confirmed under its new name',
    () => stored('hosts/drei')?.epoch === stored('epoch')?.id && areAll(three, 'held'),
  )
  await succeed('CHECK', three, pod)
  assert.is(stored('hosts/host3'), undefined)
  const shown = JSON.parse(three.patchbay('pool show blue -o json'))
  assert.equal(
    shown.hosts.map(({ host }: { host: string }) => host),
    ['drei'],
  )
  await succeed('DEL', three, pod)
  await one.poolsAreSound()
  one.patchbay('pool release --host drei --yes')
})

for (const name of ['host2', 'host3'])
  test(`a host is copied, and the copy has the name ${name}: both notice, and what their errors say puts it right`, async () => {
    const pod = await two.add(network)
    copy(two, three, [pod], name)
    const { counter } = stored('hosts/host2') as { counter: number }
    await withAgent(two, 'the first host writes', () => Number(stored('hosts/host2')?.counter) > counter)
    const log = await withAgent(three, 'the copy notices', () => areAll(three, 'disputed'))
    assert.match(log, `another host has the identity of ${name}`)
    await withAgent(two, 'the first host notices', () => areAll(two, 'disputed'))
    const refusals = [await two.refused(network), await three.refused(network)]
    assert.equal(
      refusals.map(({ code }) => code),
      [11, 11],
    )
    for (const { said } of refusals)
      assert.match(said, /on the copy.*rm -r \/var\/lib\/patchbay\/host.json.*name of its own/s)
    assert.match(refusals[0]?.said ?? '', 'on the original then: rm /var/lib/patchbay/host.json')
    await succeed('CHECK', two, pod)
    remove(three, identity, `${dataDir}/.patchbay-pool`)
    rename(three, 'host3')
    remove(two, identity)
    const pods = [await two.add(network), await three.add(network)]
    assert.is(new Set([pod, ...pods].map(addressOf)).size, 3)
    assert.ok(areAll(two, 'held'))
    await succeed('DEL', two, pod, pods[0] as Pod)
    await succeed('DEL', three, pods[1] as Pod)
    await one.poolsAreSound()
    for (const host of ['host2', 'host3']) one.patchbay(`pool release --host ${host} --yes`)
    for (const host of [two, three]) host.wipe()
    for (const host of [two, three]) rename(host, host.name)
  })

test('a host that was released as dead comes back: its containers go on, it says what is disputed, and gives it again when it is free', async () => {
  const old = await two.add(network)
  assert.match(one.patchbay('pool release --host host2', 1), /host2.*1 blocks/)
  one.patchbay('pool release --host host2 --yes')
  const { pods, why } = await fill(one)
  assert.match(why, /"code":11/)
  assert.ok(pods.map(addressOf).includes(addressOf(old)))
  const log = await withAgent(two, 'it notices', () => areAll(two, 'disputed'))
  assert.match(log, /10\.1\.0\.\d+\/29 is another host's in the store: no further address of it is given/)
  assert.match(two.patchbay('pool check', 1), /disputed/)
  assert.is((await two.refused(network)).code, 11)
  await succeed('CHECK', two, old)
  await succeed('DEL', one, ...pods)
  await withAgent(one, 'it gives back', () => keysBelow('blocks/blue').length === 1)
  const again = await two.add(network)
  assert.ok(areAll(two, 'held') || blocks(two).some(({ state }) => state === 'held'))
  await succeed('DEL', two, old, again)
})

test('a data directory of etcd is copied back: the first host that has seen more closes the epoch, all claim what they hold once more', async () => {
  const [member] = etcd.members
  assert.ok(member)
  const [data, saved] = [`${member.directory}/data`, `${scratch}/saved`]
  const restart = async (action: () => void) => {
    await member.kill()
    action()
    member.start()
    await member.ready()
  }
  const pods = [await one.add(network), await two.add(network)]
  await restart(() => cpSync(data, saved, { recursive: true }))
  const more: Pod[] = []
  for (const host of [one, two]) {
    const before = blocks(host).length
    while (blocks(host).length === before) more.push(await host.add(network))
  }
  const claimed = keysBelow('blocks/blue')
  await restart(() => {
    rmSync(data, { recursive: true })
    cpSync(saved, data, { recursive: true })
  })
  assert.ok(keysBelow('blocks/blue').length < claimed.length)
  for (const host of [one, two]) await withAgent(host, 'it has claimed again', () => isConfirmed(host))
  for (const key of claimed) assert.ok(keysBelow('blocks/blue').includes(key), key)
  assert.is(stored('epoch')?.state, 'closed')
  one.patchbay('pool recover --open')
  const last = await Promise.all([one, one, one, two, two, two].map((host) => host.add(network)))
  const all = [...pods, ...more, ...last]
  assert.is(new Set(all.map(addressOf)).size, all.length)
  await one.poolsAreSound()
})

function isConfirmed({ name }: ClusterHost): boolean {
  return stored('epoch')?.state === 'closed' && stored(`hosts/${name}`)?.epoch === stored('epoch')?.id
}

test.after(end)

test.run()
