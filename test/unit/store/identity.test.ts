import * as assert from 'uvu/assert'
import { write } from '../../../shared/store/claims/chain.ts'
import { estateOf, leftOf, releaseHost, releaseLeft } from '../../../shared/store/claims/release.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import { restored } from '../../harness/memory-store.ts'
import {
  ask,
  claim,
  claimed,
  enterOnly,
  given,
  held,
  keys,
  killed,
  killedRelease,
  operator,
  type PoolHost,
  poolHost,
  run,
  setReservation,
  twoHosts,
  wanted,
  within,
} from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

async function world() {
  const { store, one, two } = await twoHosts()
  await claim(two)
  return { store, one, two }
}

const beat = (host: PoolHost) =>
  run(
    host,
    within(given(host), (session) => write(session)),
  )
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => assert.unreachable('it was not refused'),
    (error) => error,
  )
const copyOf = (host: PoolHost): PoolHost => ({ ...poolHost(host.store, host.name), disk: host.disk })

test('a copy of a host is noticed when the other has written, and by the other then: neither gives addresses until the copy is emptied', async () => {
  const { store, one } = await world()
  const copy = copyOf(one)
  await beat(one)
  const error = await refusal(claim(copy, 2))
  assert.is(error.code, 11)
  assert.match(error.message, 'another host has the identity of one')
  assert.equal(held(copy), [])
  assert.equal(held(copy, 'net', 'disputed'), ['10.1.0.0/28'])
  assert.match((await refusal(claim(one, 2))).message, 'another host has the identity of one')
  assert.equal(held(one), [])
  const { id } = one.disk.memory
  one.disk = { ...one.disk, memory: { id, stores: [], dataDirs: [] } }
  assert.is(await claim(one, 2), '10.1.0.32/28')
  assert.equal(held(one), ['10.1.0.0/28', '10.1.0.32/28'])
  assert.is(claimed(store).length, 3)
})

/** Before the first change that a host sends. */
const beforeWriting = (host: PoolHost, action: () => void) => {
  let isDone = false
  host.watch = (step) => {
    if (isDone || step.kind !== 'transact' || !step.do.some((one) => 'put' in one)) return
    isDone = true
    action()
  }
}

test('a key that a restore brings back while its host enters anew is no key of a copy', async () => {
  const { store, one } = await world()
  const backup = store.state
  await ask(store, releaseHost(operator, 'one'))
  beforeWriting(one, () => {
    store.state = restored(backup)
  })
  assert.match((await refusal(beat(one))).message, 'etcd was restored from a backup')
  await enterOnly(one)
  assert.equal(held(one), ['10.1.0.0/28'])
})

test('a copy that writes while its host enters is noticed', async () => {
  const { store, one } = await world()
  const before = store.state
  await beat(copyOf(one))
  await isNoticed(one, before)
})

test('a copy that notices its host while that one enters is noticed', async () => {
  const { store, one } = await world()
  const copy = copyOf(one)
  await beat(one)
  const before = store.state
  await refusal(beat(copy))
  await isNoticed(one, before)
})

/** What the store says now is written after the host has looked. */
async function isNoticed(host: PoolHost, before: PoolHost['store']['state']): Promise<void> {
  const after = host.store.state
  host.store.state = before
  beforeWriting(host, () => {
    host.store.state = after
  })
  assert.match((await refusal(beat(host))).message, 'another host has the identity of one')
}

const named = (host: PoolHost, name: string): PoolHost => ({ ...poolHost(host.store, name), disk: host.disk })
const hostsIn = ({ store: { state } }: PoolHost) =>
  state.entries.flatMap(({ key }) => (key.startsWith(keys.hosts) ? key.slice(keys.hosts.length) : []))

test('a host that was renamed keeps its blocks, and its former key goes', async () => {
  const { store, one } = await world()
  const renamed = named(one, 'uno')
  assert.is(await claim(renamed, 2), '10.1.0.32/28')
  assert.equal(claimed(store), ['10.1.0.0/28 uno', '10.1.0.16/28 two', '10.1.0.32/28 uno'])
  assert.equal(hostsIn(one), ['two', 'uno'])
})

test('a copy with a name of its own is noticed at once when the first has written since', async () => {
  const { one } = await world()
  const copy = named(one, 'uno')
  await beat(one)
  assert.match((await refusal(enterOnly(copy))).message, 'another host has the identity of uno')
  assert.match((await refusal(enterOnly(one))).message, 'another host has the identity of one')
  assert.equal([held(one), held(copy)], [[], []])
})

test('a copy with a name of its own that is faster is noticed by the first, and notices: released, the first has its blocks again', async () => {
  const { store, one } = await world()
  const copy = named(one, 'uno')
  await claim(copy, 2)
  const error = await refusal(enterOnly(one))
  assert.match(error.complaint.hint, 'patchbay pool release --host uno')
  assert.match((await refusal(claim(copy, 3))).message, 'another host has the identity of uno')
  assert.equal([held(one), held(copy)], [[], []])
  await ask(store, releaseHost(operator, 'uno'))
  await enterOnly(one)
  assert.equal(held(one), ['10.1.0.0/28'])
})

test('of two copies that claim at one time one gets the block', async () => {
  const { one } = await world()
  const copy = copyOf(one)
  await claim(copy, 2)
  assert.match((await refusal(claim(one, 2))).message, 'another host has the identity')
})

test('a second host of one name is refused, and the first goes on', async () => {
  const { store, one } = await world()
  const other = poolHost(store, 'one')
  const error = await refusal(claim(other))
  assert.match(error.message, "the host name one is another host's")
  assert.match(error.complaint.hint, 'patchbay pool release --host one')
  assert.is(await claim(one, 2), '10.1.0.32/28')
})

test('a host that was installed anew enters under its old name when that is released', async () => {
  const { store, one } = await world()
  const anew = poolHost(store, 'one')
  await refusal(claim(anew))
  await ask(store, releaseHost(operator, 'one'))
  assert.is(await claim(anew), '10.1.0.0/28')
  // The old one lives after all: it gives nothing of what is another's.
  await refusal(enterOnly(one))
  assert.equal(held(one), [])
})

test('a host that was released while it was cut off claims again what is still free; the rest is disputed', async () => {
  const { store, one, two } = await world()
  await claim(one, 3)
  await ask(store, releaseHost(operator, 'one'))
  assert.equal(claimed(store), ['10.1.0.16/28 two'])
  assert.is(await claim(two, 0), '10.1.0.0/28')
  await enterOnly(one)
  assert.equal(held(one), ['10.1.0.48/28'])
  assert.equal(held(one, 'net', 'disputed'), ['10.1.0.0/28'])
  assert.is(
    JSON.parse(store.state.entries.find(({ key }) => key === keys.epoch)?.value ?? '{}').state,
    'open',
  )
})

test('a claim of a released host that arrives after the release is void', async () => {
  const { store, one } = await world()
  store.fate = (step) => (step.kind === 'transact' && step.when.length > 0 ? 'late' : 'answered')
  await refusal(claim(one, 2))
  store.fate = () => 'answered'
  await ask(store, releaseHost(operator, 'one'))
  store.arrive()
  assert.equal(claimed(store), ['10.1.0.16/28 two'])
  await enterOnly(one)
  assert.equal(held(one, 'net', 'claiming'), [])
})

test('a host whose key is damaged is released; what an earlier installation has left is not told from its own', async () => {
  const { store } = await world()
  const put = { key: `${keys.hosts}one`, value: '{' }
  await store.ask({ kind: 'transact', when: [], do: [{ put }], otherwise: [] })
  assert.match((await refusal(ask(store, releaseLeft(operator, 'one')))).message, 'none of ours')
  await ask(store, releaseHost(operator, 'one'))
  assert.equal(claimed(store), ['10.1.0.16/28 two'])
  assert.not.ok(store.state.entries.some(({ key }) => key === put.key))
})

test('a release ends when the host enters in the midst of it: what is left stays its own', async () => {
  const { store, one } = await world()
  const protocol = releaseHost(operator, 'one')
  let next = protocol.next()
  let isRemoved = false
  const going = async () => {
    for (; !next.done; ) {
      const step = next.value as Parameters<typeof store.ask>[0]
      const answer = await store.ask(step)
      if (step.kind === 'transact' && !isRemoved) {
        isRemoved = true
        await enterOnly(one)
      }
      next = protocol.next(answer)
    }
  }
  assert.match((await refusal(going())).message, 'perhaps it is not gone')
  assert.equal(held(one), ['10.1.0.0/28'])
  assert.ok(claimed(store).includes('10.1.0.0/28 one'))
})

test('a host that was installed anew enters after a killed release: what its earlier installation held is freed, and nothing of its own', async () => {
  const { store, one } = await world()
  await claim(one, 3)
  const anew = poolHost(store, 'one')
  await killedRelease(store, 'one')
  assert.is(await claim(anew, 2), '10.1.0.32/28')
  assert.is((await ask(store, leftOf(operator, 'one'))).blocks.length, 2)
  await ask(store, releaseLeft(operator, 'one'))
  assert.equal(claimed(store), ['10.1.0.16/28 two', '10.1.0.32/28 one'])
  assert.is(await claim(anew, 0), '10.1.0.0/28')
})

test('a release goes on when the host that was installed anew enters in the midst of it', async () => {
  const { store } = await world()
  const anew = poolHost(store, 'one')
  const protocol = releaseHost(operator, 'one')
  let isRemoved = false
  let next = protocol.next()
  while (!next.done) {
    const step = next.value as Parameters<typeof store.ask>[0]
    const answer = await store.ask(step)
    if (step.kind === 'transact' && !isRemoved) {
      isRemoved = true
      await claim(anew, 2)
    }
    next = protocol.next(answer)
  }
  assert.equal(claimed(store), ['10.1.0.16/28 two', '10.1.0.32/28 one'])
})

test('what a renamed host holds is not released with its former name', async () => {
  const { store, one } = await world()
  await enterOnly({ ...one, name: 'uno', disk: { ...one.disk, holdings: [] } })
  assert.equal((await ask(store, estateOf(operator, 'one'))).blocks, [])
})

test('a host that lost host.json goes on under the ID that its networks have noted', async () => {
  const { store, one } = await world()
  const { id } = one.disk.memory
  one.disk = { ...one.disk, memory: { id, stores: [], dataDirs: [] } }
  assert.is(await claim(one, 2), '10.1.0.32/28')
  assert.equal(held(one), ['10.1.0.0/28', '10.1.0.32/28'])
  assert.is(claimed(store).length, 3)
})

test('a network that lost its file: blocks with containers are found again, the others go back', async () => {
  const { store, one } = await world()
  await claim(one, 2)
  setReservation(one, 'net', '10.1.0.37', 'c1')
  one.disk = { ...one.disk, holdings: [] }
  await enterOnly(one)
  assert.equal(held(one), ['10.1.0.32/28'])
  assert.equal(claimed(store), ['10.1.0.16/28 two', '10.1.0.32/28 one'])
})

test('a kill while a lost file is made anew loses nothing', async () => {
  const { one } = await world()
  setReservation(one, 'net', '10.1.0.5', 'c1')
  const before = { ...one.disk, holdings: [] }
  for (let at = 0; at < 12; at++) {
    one.disk = before
    one.watch = (_, now) => {
      if (now === at) throw killed
    }
    await enterOnly(one).catch(() => {})
    one.watch = () => {}
    await enterOnly(one)
    assert.equal(held(one), ['10.1.0.0/28'], `killed at step ${at}`)
  }
})

test('a renamed host writes its new name to its blocks', async () => {
  const { store, one } = await world()
  one.name = 'uno'
  await enterOnly(one)
  assert.equal(claimed(store), ['10.1.0.0/28 uno', '10.1.0.16/28 two'])
  await ask(store, releaseHost(operator, 'one'))
  assert.is(claimed(store).length, 2)
})

test('a copy under another name is noticed: one of the two goes on', async () => {
  const { store, one } = await world()
  const copy = { ...copyOf(one), name: 'copy' }
  await enterOnly(copy)
  assert.match((await refusal(enterOnly(one))).message, 'another host has the identity of one')
  assert.equal([held(copy), held(one)], [['10.1.0.0/28'], []])
  assert.equal(claimed(store), ['10.1.0.0/28 copy', '10.1.0.16/28 two'])
})

test('a copy under another name is noticed by both when the first host has written since', async () => {
  const { one } = await world()
  const copy = { ...copyOf(one), name: 'copy' }
  await beat(one)
  assert.match((await refusal(claim(copy, 2))).message, 'another host has the identity of copy')
  assert.match((await refusal(claim(one, 2))).message, 'another host has the identity of one')
  assert.equal([held(copy), held(one)], [[], []])
})

test('of two hosts made of one image under names of their own one goes on', async () => {
  const { one } = await world()
  const [a, b] = ['a', 'b'].map((name) => ({ ...copyOf(one), name })) as [PoolHost, PoolHost]
  for (const host of [a, b]) host.disk = { ...host.disk, holdings: [] }
  assert.is(await claim(a, 2), '10.1.0.32/28')
  assert.match((await refusal(claim(b, 3))).message, 'another host has the identity of b')
})

test('a host is renamed with a kill at any step: it keeps its blocks', async () => {
  for (let at = 0; at < 14; at++) {
    const { one } = await world()
    one.name = 'uno'
    one.watch = (_, now) => {
      if (now === at) throw killed
    }
    await enterOnly(one).catch(() => {})
    one.watch = () => {}
    await enterOnly(one)
    assert.equal(held(one), ['10.1.0.0/28'], `killed at step ${at}`)
  }
})

test('values that are none of ours in the store are reported, and what they stand for is left alone', async () => {
  const { store, one } = await world()
  const put = (key: string, value: string) =>
    store.ask({ kind: 'transact', when: [], do: [{ put: { key, value } }], otherwise: [] })
  await put(`${keys.blocks('blue')}4/0a010020`, '{"block":"; rm -rf /"}')
  await put(`${keys.blocks('blue')}4/zz`, 'x')
  assert.is(await claim(one, 2), '10.1.0.48/28')
  await put(keys.host('one'), '{"id":"../../etc"}')
  const error = await refusal(claim(one, 2))
  assert.match(error.message, 'none of ours')
  assert.equal(held(one), ['10.1.0.0/28', '10.1.0.48/28'])
})

test('a block goes back only without an address of it in use', async () => {
  const { store, one } = await world()
  const back = () =>
    run(
      one,
      within(given(one), (session) => giveBack(session, wanted(), '10.1.0.0/28')),
    )
  setReservation(one, 'net', '10.1.0.2', 'c1')
  assert.is(await back(), false)
  setReservation(one, 'net', '10.1.0.2', undefined)
  assert.is(await back(), true)
  assert.equal(held(one), [])
  assert.equal(claimed(store), ['10.1.0.16/28 two'])
})

test.run()
