import * as assert from 'uvu/assert'
import { enter } from '../../../shared/store/claims/enter.ts'
import { recover } from '../../../shared/store/claims/recover.ts'
import { releaseHost, releaseLeft } from '../../../shared/store/claims/release.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import type { StoreStep } from '../../../shared/store/connection.ts'
import { memoryStore } from '../../harness/memory-connection.ts'
import { restored } from '../../harness/memory-store.ts'
import {
  ask,
  claim,
  claimed,
  enterOnly,
  given,
  held,
  keys,
  killedRelease,
  open,
  operator,
  poolHost,
  run,
  setReservation,
  twoHosts,
  wanted,
  within,
} from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

/** Each host has a block, and the second one since the backup. */
async function afterBackup() {
  const { store, one, two } = await twoHosts()
  const backup = store.state
  await claim(two, 1)
  const restore = () => {
    store.state = restored(backup)
  }
  return { store, one, two, backup, restore }
}

const isClaim = (step: StoreStep) =>
  step.kind === 'transact' && step.do.some((one) => 'put' in one && one.put.key.startsWith(keys.blocks()))

const epochIn = (store: { state: { entries: readonly { key: string; value: string }[] } }) =>
  JSON.parse(store.state.entries.find(({ key }) => key === keys.epoch)?.value ?? '{}')

test('the first host that enters a restored store closes it: no block is claimed, those at hand stay', async () => {
  const { store, one, two, restore } = await afterBackup()
  restore()
  const error = await claim(one, 1).catch((error) => error)
  assert.match(error.message, 'restored from a backup')
  assert.is(error.code, 11)
  assert.is(epochIn(store).state, 'closed')
  assert.equal(held(one), ['10.1.0.0/28'])
  assert.equal(held(two), ['10.1.0.16/28'])
})

test('blocks that were claimed since the backup are claimed again by their hosts, and then the store is opened', async () => {
  const { store, one, two, restore } = await afterBackup()
  restore()
  await enterOnly(one)
  await enterOnly(two)
  assert.equal(claimed(store), ['10.1.0.0/28 one', '10.1.0.16/28 two'])
  await open(store)
  assert.is(await claim(one, 1), '10.1.0.32/28')
})

test('the store is not opened while a host that it knows has not confirmed, unless the operator says so', async () => {
  const { store, one, two, restore } = await afterBackup()
  await claim(two, 2)
  restore()
  await enterOnly(two)
  const error = await ask(store, recover(operator)).catch((error) => error)
  assert.match(error.details, 'one')
  await open(store, true)
  assert.is(epochIn(store).state, 'open')
  await enterOnly(one)
  assert.equal((await ask(store, recover(operator))).missing, [])
})

test('a block that another host has claimed in a restored store before its owner came is disputed, and nothing more is given of it', async () => {
  const { store, one, two, restore } = await afterBackup()
  restore()
  await enterOnly(one)
  await open(store, true)
  assert.is(await claim(one, 1), '10.1.0.16/28')
  await enterOnly(two)
  assert.equal(held(two), [])
  assert.equal(held(two, 'net', 'disputed'), ['10.1.0.16/28'])
  assert.match(two.reports.join(), "10.1.0.16/28 is another host's")
  assert.is(await claim(two, 1), '10.1.0.32/28')
})

test('a disputed block is held again when the other host has given it back', async () => {
  const { store, one, two, restore } = await afterBackup()
  restore()
  await enterOnly(one)
  await open(store, true)
  await claim(one, 1)
  await enterOnly(two)
  await run(
    one,
    within(given(one), (session) => giveBack(session, wanted(), '10.1.0.16/28')),
  )
  await enterOnly(two)
  assert.equal(held(two), ['10.1.0.16/28'])
})

test('a store that is restored between the look and the transaction: the block is not used, and goes back', async () => {
  for (const at of [1, 2, 3, 4, 5, 6, 7]) {
    const { store, one, two, restore } = await afterBackup()
    one.watch = (_, now) => {
      if (now === at) restore()
    }
    await claim(one, 1).catch((error) => assert.is(error.code, 11))
    one.watch = () => {}
    assert.ok(!held(one).includes('10.1.0.16/28'), `restored before step ${at}`)
    await enterOnly(one)
    await enterOnly(two)
    await enterOnly(one)
    await enterOnly(two)
    assert.equal(held(two), ['10.1.0.16/28'], `restored before step ${at}`)
    assert.equal(
      claimed(store).filter((line) => line.includes('10.1.0.16')),
      ['10.1.0.16/28 two'],
    )
  }
})

test('a claim without an answer before a restore is given back after it', async () => {
  for (const accident of ['unanswered', 'late'] as const) {
    const { store, one, two } = await afterBackup()
    store.fate = (step) => (isClaim(step) ? accident : 'answered')
    await claim(one, 2).then(
      () => assert.unreachable(),
      () => {},
    )
    store.fate = () => 'answered'
    store.state = restored(store.state)
    await enterOnly(one)
    store.arrive()
    await enterOnly(two)
    await enterOnly(one)
    assert.equal(held(one), ['10.1.0.0/28'])
    assert.equal(held(one, 'net', 'claiming'), [])
    assert.equal(claimed(store), ['10.1.0.0/28 one', '10.1.0.16/28 two'])
  }
})

test('a block that was given back after the backup goes back again; one that another host has claimed then is its own', async () => {
  const { store, one, two } = await afterBackup()
  const backup = store.state
  await run(
    one,
    within(given(one), (session) => giveBack(session, wanted(), '10.1.0.0/28')),
  )
  assert.is(await claim(two), '10.1.0.0/28')
  store.state = restored(backup)
  await enterOnly(two)
  assert.equal(held(two, 'net', 'disputed'), ['10.1.0.0/28'])
  await enterOnly(one)
  await enterOnly(two)
  assert.equal(held(one), [])
  assert.equal(held(two), ['10.1.0.0/28', '10.1.0.16/28'])
})

test('restored twice, from the same backup: noticed twice', async () => {
  const { store, one, two, restore } = await afterBackup()
  restore()
  await enterOnly(one)
  await enterOnly(two)
  await open(store)
  const first = epochIn(store).id
  restore()
  await enterOnly(two)
  assert.is.not(epochIn(store).id, first)
  assert.is(epochIn(store).state, 'closed')
  await enterOnly(one)
  assert.equal(claimed(store), ['10.1.0.0/28 one', '10.1.0.16/28 two'])
})

test('a data directory that was copied back is noticed by a host that has written since', async () => {
  const { store, one, two, backup } = await afterBackup()
  store.state = backup
  await enterOnly(two)
  assert.is(epochIn(store).state, 'closed')
  await enterOnly(one)
  assert.equal(claimed(store), ['10.1.0.0/28 one', '10.1.0.16/28 two'])
})

test('raft entries without a revision, and a member that lags behind, are no restore', async () => {
  const { store, one } = await afterBackup()
  store.state = { ...store.state, index: store.state.index + 1000 }
  await enterOnly(one)
  assert.is(epochIn(store).state, 'open')
  store.state = { ...store.state, index: store.state.index - 1000 }
  const behind = { ...store, ask: store.ask }
  const real = store.ask
  store.ask = async (step) =>
    step.kind === 'status' ? { revision: 1, appliedIndex: 4 } : real.call(behind, step)
  await enterOnly(one).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, 'lags behind'),
  )
})

test('an etcd that was lost, and made anew: hosts with blocks close it, and claim what they hold', async () => {
  const { one, two } = await afterBackup()
  setReservation(one, 'net', '10.1.0.2', 'c1')
  const anew = memoryStore()
  for (const host of [one, two]) {
    host.store = anew
    await enterOnly(host)
  }
  assert.equal(claimed(anew), ['10.1.0.0/28 one', '10.1.0.16/28 two'])
  assert.is(epochIn(anew).state, 'closed')
})

test('the agent of a host enters an etcd that was lost first: it is closed, too', async () => {
  const { one } = await afterBackup()
  one.store = memoryStore()
  await run(one, enter(given(one))).catch(() => {})
  await enterOnly(one)
  assert.is(epochIn(one.store).state, 'closed')
})

test('a host without blocks does not open an etcd that was lost before hosts with blocks come', async () => {
  const { one } = await afterBackup()
  const anew = memoryStore()
  const other = poolHost(anew, 'other')
  for (const work of [run(other, enter(given(other))), enterOnly(other)]) {
    const error = await work.then(
      () => assert.unreachable(),
      (error) => error,
    )
    assert.match(error.message, 'the store has no pool')
  }
  one.store = anew
  await enterOnly(one)
  assert.is(epochIn(anew).state, 'closed')
})

test('a network in a directory that this host had forgotten is confirmed when it enters', async () => {
  const { one, restore, store } = await afterBackup()
  const there = { ...wanted('far'), dataDir: '/far' }
  await claim(one, 3, there)
  const { holdings } = one.disk
  const { id } = one.disk.memory
  restore()
  // host.json is lost, and a claim in /data knows nothing of /far.
  const near = holdings.filter(({ dataDir }) => dataDir === '/data')
  one.disk = { ...one.disk, memory: { id, stores: [], dataDirs: [] }, holdings: near }
  await enterOnly(one)
  one.disk = {
    ...one.disk,
    holdings: [...one.disk.holdings, ...holdings.filter((one) => !near.includes(one))],
  }
  await enterOnly(one, there)
  assert.equal(claimed(store), ['10.1.0.0/28 one', '10.1.0.48/28 one'])
})

/** The first host was released, and the second has its block: the backup knows nothing of it. */
async function releasedBeforeRestore() {
  const { store, two } = await twoHosts()
  const backup = store.state
  await ask(store, releaseHost(operator, 'one'))
  await claim(two)
  store.state = restored(backup)
  await claim(two).catch(() => {})
  return { store, two }
}

test('a release in a closed epoch: the others confirm once more, and claim what they called disputed', async () => {
  const { store, two } = await releasedBeforeRestore()
  assert.equal(held(two, 'net', 'disputed'), ['10.1.0.0/28'])
  await ask(store, releaseHost(operator, 'one'))
  assert.match((await open(store).catch((error) => error)).message, 'have not confirmed')
  await enterOnly(two)
  await open(store)
  assert.equal(held(two), ['10.1.0.0/28'])
})

test('the store is not opened while something is left of a released host: another may have it since before the restore', async () => {
  const { store, two } = await releasedBeforeRestore()
  await killedRelease(store, 'one')
  const error = await ask(store, recover(operator)).catch((error) => error)
  assert.match(`${error.message} ${error.details}`, 'free first what is left of those that are gone one')
  await ask(store, releaseLeft(operator, 'one'))
  await enterOnly(two)
  await open(store)
  assert.equal(held(two), ['10.1.0.0/28'])
})

test.run()
