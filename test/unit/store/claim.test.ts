import * as assert from 'uvu/assert'
import { memoryStore } from '../../harness/memory-connection.ts'
import { claim, claimed, held, makePool, poolHost } from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

async function twoHosts() {
  const store = memoryStore()
  await makePool(store)
  return { store, one: poolHost(store, 'one'), two: poolHost(store, 'two') }
}

test('two hosts claim blocks, each another one', async () => {
  const { store, one, two } = await twoHosts()
  assert.is(await claim(one), '10.1.0.0/28')
  assert.is(await claim(two), '10.1.0.16/28')
  assert.is(await claim(one, 3), '10.1.0.48/28')
  assert.equal(held(one), ['10.1.0.0/28', '10.1.0.48/28'])
  assert.equal(claimed(store), ['10.1.0.0/28 one', '10.1.0.16/28 two', '10.1.0.48/28 one'])
})

test('when all blocks are claimed the error says who holds how many, and nothing is noted', async () => {
  const { one, two } = await twoHosts()
  for (const host of [one, two, two, two]) await claim(host)
  const error = await claim(one).catch((error) => error)
  assert.is(error.code, 11)
  assert.match(error.details, '4 of 4 blocks are claimed, by 2 hosts: two 3, one 1')
  assert.equal(held(one, 'net', 'claiming'), [])
  assert.is(one.disk.memory.stores[0]?.next, undefined)
})

test.run()
