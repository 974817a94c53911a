/** ADD while `patchbay-agent`, which claims for it, is killed at each of its steps: the next ADD works, and nothing is lost. */
// etcd: 3.5

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { plus } from '../../shared/ip/subnet.ts'
import type { Holdings } from '../../shared/store/memory.ts'
import type { BlockValue, SingleValue } from '../../shared/store/values.ts'
import { addressesOf } from '../harness/address.ts'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost, ClusterNetwork } from '../harness/cluster-host.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import type { Result } from '../harness/plugin.ts'
import { fewer, fileChanges, preloaded } from '../harness/preload.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const network: ClusterNetwork = { name: 'net', type: 'pool', ipam: { type: 'pool', pool: 'blue' } }
const dataDir = '/var/lib/cni/networks'
const faults = preloaded()

const { hosts, etcd, end } = await newCluster({ hosts: 2 })
const [here, owner] = hosts as [ClusterHost, ClusterHost]
here.patchbay('pool create blue --range 10.1.0.0/16 --range fd00:1::/64')

let [name, containers] = ['', 0]

/** From now on `here` is a host that the store does not know, and that has no files. */
function beNew(): void {
  name = `new${containers}`
  here.wipe()
  here.write('/etc/patchbay/store.json', { ...etcd.store(), host: name })
}

/** ADD of a new container. @param wish an address that it asks for @param env faults of the claim */
function begin(wish: string, env: Record<string, string> = {}) {
  const config = { cniVersion: '1.1.0', ...network, ...(wish && { runtimeConfig: { ips: [wish] } }) }
  return here.call({ verb: 'ADD', containerID: `c${containers++}`, netns: '/none', config, env })
}

/** @param prepare before each try */
async function add(wish = '', env: Record<string, string> = {}, prepare = () => {}): Promise<string[]> {
  const { status, json } = await insisting(() => {
    prepare()
    return begin(wish, env)
  })
  assert.is(status, 0, JSON.stringify(json))
  return addressesOf((json as unknown as Result).ips)
}

/** Where the claim of an ADD changes files. */
async function places(wish = ''): Promise<readonly string[]> {
  const calls = `${scratch}/calls`
  await add(wish, { ...faults, PATCHBAY_CALLS: calls }, () => rmSync(calls, { force: true }))
  return fewer(fileChanges(calls))
}

/** ADD, of which the claim is killed. */
async function killedAdd(place: string, wish = '', prepare = () => {}): Promise<void> {
  const env = { ...faults, PATCHBAY_FAULT: `${place}:kill` }
  const { status, json } = await insisting(() => {
    prepare()
    return begin(wish, env)
  })
  assert.is(status, 1, `${place}: ${JSON.stringify(json)}`)
  assert.is(json?.code, 11, place)
  assert.match(`${json?.msg}`, 'patchbay-agent was killed by signal 9')
}

function inStore<Value extends { host: string }>(kind: string): Value[] {
  const lines = etcd.etcdctl('get', '--prefix', '--print-value-only', `/patchbay/${kind}/`).split('\n')
  const values = lines.filter(Boolean).map((line): Value => JSON.parse(line))
  return values.filter(({ host }) => host === name)
}

const holdings = (): Holdings => JSON.parse(here.read(`${dataDir}/.patchbay-pool/net.json`))
const records = (host: ClusterHost) => host.list(`${dataDir}/net`).filter((one) => parseAddress(one))

test('the claim of a host’s first ADD is killed before or after any of its files is written: the next ADD has a block of each family, and the host no other', async () => {
  beNew()
  const all = await places()
  assert.ok(all.length >= 12, `${all.length} places`)
  for (const place of all) {
    await killedAdd(place, '', beNew)
    assert.equal((await add()).sort(), records(here), place)
    const held = holdings().blocks.map(({ block, state }) => `${state} ${block}`)
    const claimed = inStore<BlockValue>('blocks').map(({ block }) => `held ${block}`)
    assert.equal(held.sort(), claimed.sort(), place)
    assert.is(held.length, 2, place)
  }
})

test('the claim of an address in another host’s block is killed before or after any file: the next ADD gets it, and what its owner lends is what this host holds', async () => {
  owner.write('/etc/cni/net.d/net.conf', { cniVersion: '1.1.0', ...network })
  const [first = ''] = (await owner.add(network)).addresses
  const wishes = Array.from({ length: 50 }, (_, at) => {
    const address = parseAddress(first)
    return address ? formatAddress(plus(address, BigInt(at + 1))) : ''
  }).values()
  const next = () => wishes.next().value ?? assert.unreachable('too many places')
  owner.begin('agent')
  await until('the agent serves', () => owner.list('/run/patchbay').includes('agent.sock'))
  beNew()
  await add()
  const all = await places(next() as string)
  assert.ok(all.length >= 8, `${all.length} places`)
  for (const place of all) {
    const wish = next() as string
    await killedAdd(place, wish)
    assert.is((await add(wish))[0], wish, place)
    const held = holdings().singles.map(({ address, state }) => `${state} ${address}`)
    const granted = inStore<SingleValue>('singles').filter(({ state }) => state === 'granted')
    assert.equal(held.sort(), granted.map(({ address }) => `held ${address}`).sort(), place)
    const lent = records(owner).filter((one) =>
      owner.read(`${dataDir}/net/${one}`).startsWith(`pool:${name}`),
    )
    assert.equal(lent, granted.map(({ address }) => address).sort(), place)
  }
})

test.after(end)

test.run()
