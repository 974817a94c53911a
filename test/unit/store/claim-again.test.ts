import * as assert from 'uvu/assert'
import { changePool, createPool, deletePool } from '../../../shared/store/claims/pools.ts'
import { releaseHost } from '../../../shared/store/claims/release.ts'
import { memoryStore } from '../../harness/memory-connection.ts'
import {
  ask,
  claim,
  claimed,
  enterOnly,
  four,
  held,
  keys,
  makePool,
  operator,
  poolHost,
  wanted,
} from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

/** A host with the last block was released while it was cut off. */
async function afterRelease() {
  const store = memoryStore()
  await makePool(store)
  const [one, two] = [poolHost(store, 'one'), poolHost(store, 'two')]
  await claim(one, 3)
  await ask(store, releaseHost(operator, 'one'))
  return { store, one, two }
}

const last = '10.1.0.48/28'
const eighths = { ...four, blockSize: { ipv4: 29, ipv6: 122 } }
const small = { ...four, ranges: [{ subnet: '10.1.0.0/27' }] }
const behind = { ...four, ranges: [{ subnet: '10.1.0.32/27' }] }

const refused = (work: Promise<unknown>) =>
  work.then(
    () => assert.unreachable('it was not refused'),
    (error) => error,
  )

test('a released host does not claim a block again of which the pool has another block size now', async () => {
  const { store, one, two } = await afterRelease()
  await ask(store, changePool(operator, 'blue', eighths))
  assert.is(await claim(two, 7), '10.1.0.56/29')
  await enterOnly(one)
  assert.equal([held(one), held(one, 'net', 'disputed')], [[], [last]])
  assert.equal(claimed(store), ['10.1.0.56/29 two'])
  assert.match(one.reports.join(), `${last} is not claimed again: pool blue has blocks of /29 now`)
})

test('a released host does not claim a block again that is in another pool now', async () => {
  const { store, one, two } = await afterRelease()
  await ask(store, changePool(operator, 'blue', small))
  await makePool(store, 'red', behind)
  assert.is(await claim(two, 1, wanted('net', 'red')), last)
  await enterOnly(one)
  assert.equal([held(one), held(one, 'net', 'disputed')], [[], [last]])
  assert.match(one.reports.join(), `${last} is not claimed again: it shares addresses with pool red`)
})

test('the same when its own pool is deleted, and when the other has only a block there', async () => {
  const { store, one, two } = await afterRelease()
  await ask(store, deletePool(operator, 'blue'))
  await makePool(store, 'red')
  assert.is(await claim(two, 3, wanted('net', 'red')), last)
  await ask(store, changePool(operator, 'red', small))
  await enterOnly(one)
  assert.equal(held(one, 'net', 'disputed'), [last])
  assert.equal(claimed(store), [`${last} two`])
})

test('a single address is not claimed again that is in another pool now', async () => {
  for (const pool of ['blue', 'red']) {
    const { store, one } = await afterRelease()
    const single = { address: '10.1.0.5', owner: 'two', state: 'held', modified: 4 } as const
    const [holdings] = one.disk.holdings
    if (holdings) one.disk = { ...one.disk, holdings: [{ ...holdings, blocks: [], singles: [single] }] }
    await ask(store, deletePool(operator, 'blue'))
    await makePool(store, pool, eighths)
    await enterOnly(one)
    const key = store.state.entries.find(({ key }) => key.startsWith(keys.singles()))
    assert.is(key !== undefined, pool === 'blue')
    assert.match(one.reports.join(), pool === 'blue' ? '' : '10.1.0.5 is not claimed again')
  }
})

test('a disputed block is claimed again when the pool is as it was', async () => {
  const { store, one } = await afterRelease()
  await ask(store, changePool(operator, 'blue', eighths))
  await enterOnly(one)
  await ask(store, changePool(operator, 'blue', four))
  await enterOnly(one)
  assert.equal([held(one), claimed(store)], [[last], [`${last} one`]])
})

test('a block is claimed again outside of the ranges, and of a pool that is not there', async () => {
  for (const change of [changePool(operator, 'blue', small), deletePool(operator, 'blue')]) {
    const { store, one } = await afterRelease()
    await ask<unknown>(store, change)
    await enterOnly(one)
    assert.equal([held(one), claimed(store)], [[last], [`${last} one`]])
  }
})

test('a pool that is made while a host claims again: one of both sees the other, at any step', async () => {
  for (let at = 0; ; at++) {
    const { store, one } = await afterRelease()
    await ask(store, deletePool(operator, 'blue'))
    let made: Promise<unknown> | undefined
    one.watch = (_, now) => {
      if (now === at) made = ask(store, createPool(operator, 'red', behind)).catch((error) => error)
    }
    await enterOnly(one)
    if (!made) break
    const isMade = !((await made) instanceof Error)
    await enterOnly(one)
    assert.equal(held(one), isMade ? [] : [last], `made before step ${at}`)
    assert.equal(claimed(store).length, isMade ? 0 : 1, `made before step ${at}`)
  }
})

test('a pool is not made over blocks of a pool that is not there, nor with another block size than its hosts hold', async () => {
  const { store, one } = await afterRelease()
  await ask(store, deletePool(operator, 'blue'))
  await enterOnly(one)
  const red = await refused(makePool(store, 'red', behind))
  assert.match(red.message, 'host one holds block 10.1.0.48/28 of pool blue')
  assert.match(
    (await refused(makePool(store, 'blue', eighths))).message,
    'host one holds block 10.1.0.48/28 of pool blue',
  )
  await makePool(store, 'red', small)
  await makePool(store, 'blue', behind)
})

test.run()
