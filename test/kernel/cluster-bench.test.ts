/** The benchmark of a cluster with fifty hosts: what it counts is right. How long it takes is no matter here. */
// etcd: 3.5

import * as assert from 'uvu/assert'
import { measureClaims } from '../bench/cluster/claims.ts'
import { neighboursOf, type Spread, vnisOf, vtepsOf } from '../bench/cluster/fill.ts'
import { blocksOf, closeAll, makeHosts } from '../bench/cluster/hosts.ts'
import { measureFanOut, measureRestart, measureSize } from '../bench/cluster/peers.ts'
import { startStore } from '../bench/cluster/store.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'

await privateHost()

const count = 50
const store = await startStore('3.5', 'memory', '')
const hosts = await makeHosts(store.etcd.store(), count)

const inStore = () =>
  [
    ...store.etcd
      .etcdctl('get', '--prefix', '/patchbay/blocks/blue/')
      .matchAll(/^\{.*"block":"([^"]+)","host":"([^"]+)"/gm),
  ]
    .map(([, block, host]) => `${block} ${host}`)
    .sort()

const inFiles = () => hosts.flatMap((host) => blocksOf([host]).map((block) => `${block} ${host.name}`)).sort()

test('fifty hosts that claim at once get a block each, no two the same one, and the store says who has which', async () => {
  const { first, some, single, back, requests } = await measureClaims(store, hosts, 5)
  assert.equal([first.count, some.count, single.count, back.count], [count, count, 5, count])
  assert.equal([requests.first, requests.another].map(Math.round), [9, 5], 'as docs/scale.md says')
  const left = count + count + 5 - count
  assert.is(new Set(blocksOf(hosts)).size, left)
  assert.equal(inStore(), inFiles())
})

test('each host is told of each change of a VNI that it follows', async () => {
  const { join, neighbour, burst } = await measureFanOut(store, hosts, { rounds: 2, containers: 10 })
  assert.equal([join.count, neighbour.count], [2 * count, 2 * count])
  assert.is(Math.round(burst.toldPerSecond * burst.seconds), 10 * count)
})

test('after a restart all agents have read all that they follow', async () => {
  const spread: Spread = { hosts: count, vnis: 5, served: 2, containers: 3 }
  const { vteps, neighbours } = await measureSize(store, spread)
  assert.equal([vteps, neighbours], [2 * count, 6 * count])
  assert.is(new Set([...vtepsOf(spread), ...neighboursOf(spread)].map(({ key }) => key)).size, 8 * count)
  const { keys } = await measureRestart(store, spread)
  const perVni = (8 * count) / 5
  assert.is(keys, count * vnisOf(0, spread).length * perVni)
})

test.after(async () => {
  closeAll(hosts)
  await store.end()
})

test.run()
