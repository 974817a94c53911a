import * as assert from 'uvu/assert'
import { claimBlock } from '../../../shared/store/claims/claim.ts'
import { changePool, createPool, deletePool } from '../../../shared/store/claims/pools.ts'
import { estateOf } from '../../../shared/store/claims/release.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import type { Protocol, Step } from '../../../shared/store/protocol.ts'
import { memoryStore } from '../../harness/memory-connection.ts'
import {
  ask,
  claim,
  claimed,
  enterOnly,
  four,
  given,
  held,
  keys,
  makePool,
  operator,
  poolHost,
  run,
  setReservation,
  wanted,
  within,
} from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

async function world() {
  const store = memoryStore()
  await makePool(store)
  const one = poolHost(store, 'one')
  const refused = (protocol: Protocol<unknown>) =>
    ask(store, protocol).then(
      () => assert.unreachable('it was not refused'),
      (error) => error.message,
    )
  return { store, one, refused }
}

const plan = (...subnets: string[]) => ({ ...four, ranges: subnets.map((subnet) => ({ subnet })) })

test('a pool is created once, and shares no address with another', async () => {
  const { store, refused } = await world()
  assert.match(await refused(createPool(operator, 'blue', four)), 'there is a pool blue already')
  assert.match(
    await refused(createPool(operator, 'red', plan('10.1.0.0/24'))),
    'shares addresses with pool blue',
  )
  await ask(store, createPool(operator, 'red', plan('10.2.0.0/24', 'fd00::/64')))
})

test('a pool is created while a host claims of another', async () => {
  const { store, one } = await world()
  const create = createPool(operator, 'red', plan('10.2.0.0/24'))
  const isWrite = (step: Step) => step.kind === 'transact' && step.do.some((one) => 'put' in one)
  let writes = 0
  const meanwhile: typeof store.ask = async (step) => {
    if (isWrite(step) && ++writes === 1) await claim(one)
    return store.ask(step)
  }
  await ask({ ...store, ask: meanwhile }, create)
  assert.is(writes, 2)
})

test('a block that a smaller range has left outside keeps its addresses from other pools, until it has gone back', async () => {
  const { store, one, refused } = await world()
  await claim(one, 3)
  await ask(store, changePool(operator, 'blue', plan('10.1.0.0/27')))
  const red = () => createPool(operator, 'red', plan('10.1.0.32/27'))
  assert.match(await refused(red()), 'the block at 10.1.0.48 in it is still claimed, of pool blue')
  await run(
    one,
    within(given(one), (session) => giveBack(session, wanted(), '10.1.0.48/28')),
  )
  await ask(store, red())
  assert.equal(claimed(store), [])
})

test('a host learns the new ranges when it enters, and claims in them', async () => {
  const { store, one } = await world()
  for (const start of [0, 1, 2, 3]) await claim(one, start)
  await ask(store, changePool(operator, 'blue', plan('10.1.0.0/25')))
  await enterOnly(one)
  assert.equal(one.disk.holdings[0]?.definition.ranges, [{ subnet: '10.1.0.0/25' }])
  assert.is(await claim(one, 0), '10.1.0.64/28')
})

test('a claim in the midst of which the pool is changed is refused', async () => {
  const { store, one } = await world()
  await claim(one)
  const claiming = within(given(one), function* (session) {
    yield* changing()
    return yield* claimBlock(session, wanted(), 4, 3n)
  })
  function* changing(): Protocol<void> {
    yield* changePool(operator, 'blue', plan('10.1.0.0/27'))
  }
  const error = await run(one, claiming).catch((error) => error)
  assert.match(error.message, 'pool blue has changed')
  await enterOnly(one)
  assert.equal(held(one), ['10.1.0.0/28'])
  assert.equal(claimed(store), ['10.1.0.0/28 one'])
})

test('the block size stays while a block is claimed', async () => {
  const { store, one, refused } = await world()
  const smaller = { ...four, blockSize: { ipv4: 29, ipv6: 122 } }
  await claim(one)
  assert.match(await refused(changePool(operator, 'blue', smaller)), 'cannot change while hosts hold blocks')
  await run(
    one,
    within(given(one), (session) => giveBack(session, wanted(), '10.1.0.0/28')),
  )
  await ask(store, changePool(operator, 'blue', smaller))
  assert.is(await claim(one), '10.1.0.0/29')
})

test('a pool with blocks is closed first, and removed when they have gone back', async () => {
  const { store, one, refused } = await world()
  await claim(one)
  assert.equal(await ask(store, deletePool(operator, 'blue', true)), {
    deleted: false,
    blocks: 1,
    singles: 0,
  })
  assert.is((await ask(store, deletePool(operator, 'blue'))).deleted, false)
  assert.match((await claim(one, 1).catch((error) => error)).message, 'is being deleted')
  assert.is(one.disk.holdings[0]?.definition.closing, true)
  await run(
    one,
    within(given(one), (session) => giveBack(session, wanted(), '10.1.0.0/28')),
  )
  assert.is((await ask(store, deletePool(operator, 'blue'))).deleted, true)
  assert.match((await claim(one).catch((error) => error)).message, 'no pool blue')
  assert.match(await refused(deletePool(operator, 'blue')), 'no pool blue')
})

test('blocks without an address that can be given are passed over', async () => {
  const store = memoryStore()
  const ranges = [{ subnet: '10.1.0.0/26', exclude: ['10.1.0.16/28'], rangeStart: '10.1.0.15' }]
  await makePool(store, 'blue', { ...four, ranges } as typeof four)
  const one = poolHost(store, 'one')
  const blocks = [await claim(one), await claim(one), await claim(one)]
  assert.equal(blocks, ['10.1.0.0/28', '10.1.0.32/28', '10.1.0.48/28'])
  assert.is((await claim(one).catch((error) => error)).code, 11)
})

test('in a pool with many blocks a gap behind several pages of keys is found', async () => {
  const store = memoryStore()
  await makePool(store, 'blue', plan('10.1.0.0/16'))
  const taken = Array.from({ length: 3000 }, (_, at) => ({ key: 0x0a010000 + at * 16 }))
  const entries = taken.map(({ key }) => ({
    key: `/patchbay/blocks/blue/4/${key.toString(16).padStart(8, '0')}`,
    ...{ value: '{}', created: 3, modified: 3 },
  }))
  store.state = { ...store.state, entries: [...entries, ...store.state.entries] }
  assert.is(await claim(poolHost(store, 'one')), '10.1.187.128/28')
})

test('a network goes over to another pool when no container has an address of the first', async () => {
  const store = memoryStore()
  await makePool(store)
  await makePool(store, 'green', { ...four, ranges: [{ subnet: '10.2.0.0/26' }] })
  const host = poolHost(store, 'one')
  await claim(host)
  await claim(host, 1)
  setReservation(host, 'net', '10.1.0.2', 'c1')
  const green = () => claim(host, 0, wanted('net', 'green'))
  await green().then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, 'network net still holds addresses of pool blue'),
  )
  assert.equal(held(host), ['10.1.0.0/28'])
  setReservation(host, 'net', '10.1.0.2', undefined)
  assert.is(await green(), '10.2.0.0/28')
  assert.equal(claimed(store), ['10.2.0.0/28 one'])
})

test('the release of a host whose name is a number, or that of a prefix, frees nothing of others', async () => {
  const { store } = await world()
  const put = (key: string) =>
    store.ask({ kind: 'transact', when: [], do: [{ put: { key, value: '{}' } }], otherwise: [] })
  const own = [keys.vtep(100, '100'), keys.neighbour(100, '100', '02:00:00:00:00:01')]
  const others = [keys.vtep(100, 'other'), keys.neighbour(100, 'other', '02:00:00:00:00:02')]
  for (const key of [...own, ...others]) await put(key)
  const ofNumber = await ask(store, estateOf(operator, '100'))
  assert.equal(ofNumber.others.map(({ key }) => key).sort(), own.sort())
  for (const name of ['vteps', 'neighbours'])
    assert.equal((await ask(store, estateOf(operator, name))).others, [])
})

test.run()
