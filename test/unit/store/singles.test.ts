import * as assert from 'uvu/assert'
import type { Address } from '../../../shared/ip/address.ts'
import { claimBlockOf } from '../../../shared/store/claims/claim.ts'
import { grantSingles, takeBack } from '../../../shared/store/claims/grant.ts'
import type { Session } from '../../../shared/store/claims/host.ts'
import { releaseHost } from '../../../shared/store/claims/release.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import { askSingle, conclude } from '../../../shared/store/claims/single.ts'
import type { HeldSingle } from '../../../shared/store/memory.ts'
import type { Protocol } from '../../../shared/store/protocol.ts'
import { memoryStore } from '../../harness/memory-connection.ts'
import { restored } from '../../harness/memory-store.ts'
import {
  ask,
  claim,
  enterOnly,
  given,
  keys,
  makePool,
  open,
  operator,
  type PoolHost,
  poolHost,
  reservedIn,
  run,
  setReservation,
  wanted,
  within,
} from '../../harness/pool-host.ts'
import { atEachStep } from '../../harness/pool-trouble.ts'
import { test } from '../../harness/test.ts'

const text = '10.1.0.20'
const address: Address = { family: 4, value: 0x0a010014n }

/** The second host has the block of the address. */
async function world() {
  const store = memoryStore()
  await makePool(store)
  const [one, two] = [poolHost(store, 'one'), poolHost(store, 'two')]
  await claim(one)
  await claim(two)
  return { store, one, two }
}

interface Asked {
  session: Session
  single: HeldSingle
}

function* asking(session: Session): Protocol<Asked> {
  const owned = yield* claimBlockOf(session, wanted(), address)
  if ('held' in owned) throw new Error('no other host has the block')
  return { session, single: yield* askSingle(session, wanted(), address, owned.owner) }
}

const wish = (host: PoolHost) => run(host, within(given(host), asking))
const end = (host: PoolHost, { session, single }: Asked) => run(host, conclude(session, wanted(), single))
const grant = (host: PoolHost) => run(host, grantSingles(given(host), 'blue'))
const free = (host: PoolHost, other: string) =>
  run(host, takeBack(given(host), 'blue', [{ dataDir: '/data', network: 'net', address: text, host: other }]))
const singlesOf = ({ disk }: PoolHost) =>
  disk.holdings.flatMap(({ singles }) => singles.map((one) => `${one.address} ${one.state}`))
const inStore = (host: PoolHost) =>
  host.store.state.entries
    .filter(({ key }) => key.startsWith(keys.singles()))
    .map(({ value }) => JSON.parse(value).state)
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => assert.unreachable('it was not refused'),
    (error) => error,
  )

async function granted() {
  const all = await world()
  const asked = await wish(all.one)
  await grant(all.two)
  await end(all.one, asked)
  return all
}

test('the owner reserves an address that another host asks for, and grants it', async () => {
  const { one, two } = await granted()
  assert.equal(singlesOf(one), [`${text} held`])
  assert.equal(reservedIn(two, 'net', text), [text])
  assert.is(two.disk.reserved.net?.[text], 'pool:one')
})

test('an address that a container of the owner has is refused, with the reason', async () => {
  const { one, two } = await world()
  setReservation(two, 'net', text, 'c1')
  const asked = await wish(one)
  assert.is(await grant(two), 0)
  const error = await refusal(end(one, asked))
  assert.match(error.message, `host two does not give ${text}: container c1 has it`)
  assert.equal([singlesOf(one), inStore(one)], [[], []])
})

test('without an answer the wish is withdrawn', async () => {
  const { one, two } = await world()
  const error = await refusal(end(one, await wish(one)))
  assert.match(error.message, 'has not answered')
  assert.equal([singlesOf(one), inStore(one)], [[], []])
  assert.is(await grant(two), 0)
})

test('a third host does not get an address that was granted', async () => {
  const { store } = await granted()
  const error = await refusal(wish(poolHost(store, 'three')))
  assert.match(error.message, 'by host one')
})

test('the address is free again when the host has given it back', async () => {
  const { one, two } = await granted()
  assert.equal(await free(two, 'one'), [])
  await run(
    one,
    within(given(one), (session) => giveBack(session, wanted(), text)),
  )
  assert.equal(singlesOf(one), [])
  assert.is((await free(two, 'one')).length, 1)
  assert.equal(reservedIn(two, 'net', text), [])
})

test('an address whose key was overwritten by another program is not free again', async () => {
  const { store, two } = await granted()
  const put = { key: keys.single('blue', address), value: '{"address":"10.1.0.20"}' }
  await store.ask({ kind: 'transact', when: [], do: [{ put }], otherwise: [] })
  assert.equal(await free(two, 'one'), [])
  assert.equal(reservedIn(two, 'net', text), [text])
})

test('the owner keeps the address in a restored store, and the host asks for it again', async () => {
  const all = await world()
  const backup = all.store.state
  const asked = await wish(all.one)
  await grant(all.two)
  await end(all.one, asked)
  all.store.state = restored(backup)
  assert.equal(await free(all.two, 'one'), [])
  await enterOnly(all.two)
  assert.equal(await free(all.two, 'one'), [])
  await enterOnly(all.one)
  await open(all.store)
  assert.equal(await free(all.two, 'one'), [])
  assert.is(await grant(all.two), 1)
  assert.equal(singlesOf(all.one), [`${text} held`])
})

test('the block gets another owner: the address stays with the host that it was granted to', async () => {
  const { store, one } = await granted()
  await ask(store, releaseHost(operator, 'two'))
  const three = poolHost(store, 'three')
  assert.is(await claim(three, 1), '10.1.0.16/28')
  assert.is(three.disk.reserved.net?.[text], 'pool:one')
  assert.equal(singlesOf(one), [`${text} held`])
})

test('a wish, and its end, cut off anywhere: the address is one host’s, and is free when it was given back', async () => {
  for (const isEnd of [false, true])
    await atEachStep(
      async () => {
        const all = await world()
        const asked = isEnd ? await wish(all.one) : undefined
        if (asked) await grant(all.two)
        return { ...all, asked }
      },
      ({ one, asked }) => ({
        host: one,
        protocol: asked ? conclude(asked.session, wanted(), asked.single) : within(given(one), asking),
      }),
      async ({ store, one, two }, what) => {
        await enterOnly(one)
        store.arrive()
        const isHeld = singlesOf(one).includes(`${text} held`)
        await free(two, 'one')
        assert.equal(inStore(one), isHeld ? ['granted'] : [], what)
        assert.equal(reservedIn(two, 'net', text), isHeld ? [text] : [], what)
      },
    )
})

test('a grant that is cut off anywhere is made by the next look', async () => {
  await atEachStep(
    async () => {
      const all = await world()
      return { ...all, asked: await wish(all.one) }
    },
    ({ two }) => ({ host: two, protocol: grantSingles(given(two), 'blue') }),
    async ({ store, one, two, asked }, what) => {
      await grant(two)
      store.arrive()
      await free(two, 'one')
      await end(one, asked)
      assert.equal(singlesOf(one), [`${text} held`], what)
      assert.equal(reservedIn(two, 'net', text), [text], what)
    },
  )
})

test.run()
