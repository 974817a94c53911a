import * as assert from 'uvu/assert'
import { claimBlock } from '../../../shared/store/claims/claim.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import { claim, claimed, given, held, run, twoHosts, wanted, within } from '../../harness/pool-host.ts'
import { atEachStep } from '../../harness/pool-trouble.ts'
import { test } from '../../harness/test.ts'

type World = Awaited<ReturnType<typeof twoHosts>>

/** Each block in the store is held by the host that it names, and nothing else is held or noted. */
function requireAgreement({ store, one, two }: World, what: string): void {
  for (const host of [one, two]) {
    const own = claimed(store).filter((line) => line.endsWith(` ${host.name}`))
    assert.equal(
      held(host).map((block) => `${block} ${host.name}`),
      own,
      what,
    )
    for (const state of ['claiming', 'leaving', 'disputed']) assert.equal(held(host, 'net', state), [], what)
  }
}

const claimOf = (host: World['one'], start: number) =>
  within(given(host), (session) => claimBlock(session, wanted(), 4, BigInt(start)))

for (const arrives of ['after', 'before'] as const)
  test(`a claim that is cut off anywhere leaves no block to two hosts, and none to no host: late arrivals ${arrives} the next call`, async () => {
    const tried = await atEachStep(
      twoHosts,
      ({ one }) => ({ host: one, protocol: claimOf(one, 1) }),
      async (all, what) => {
        const { store, one, two } = all
        if (arrives === 'before') store.arrive()
        await run(
          one,
          within(given(one), function* () {}),
        )
        requireAgreement(all, what)
        store.arrive()
        await claim(two, 1)
        await claim(one, 1)
        requireAgreement(all, what)
      },
    )
    assert.ok(tried > 15, `${tried} accidents`)
  })

test('the same for a first claim, of a host that the store does not know', async () => {
  await atEachStep(
    twoHosts,
    ({ two }) => ({ host: two, protocol: claimOf(two, 0) }),
    async (all, what) => {
      await claim(all.two, 0)
      all.store.arrive()
      await claim(all.one, 1)
      requireAgreement(all, what)
    },
  )
})

test('a block that is given back is cut off anywhere: it is held by one host or by none', async () => {
  await atEachStep(
    twoHosts,
    ({ one }) => ({
      host: one,
      protocol: within(given(one), (session) => giveBack(session, wanted(), '10.1.0.0/28')),
    }),
    async (all, what) => {
      const { store, one, two } = all
      await claim(two, 0)
      store.arrive()
      await run(
        one,
        within(given(one), function* () {}),
      )
      requireAgreement(all, what)
      await claim(two, 0)
      requireAgreement(all, what)
    },
  )
})

test('two accidents, one after the other', async () => {
  await atEachStep(
    twoHosts,
    ({ one }) => ({ host: one, protocol: claimOf(one, 1) }),
    async (all, what) => {
      const frozen = { state: all.store.state, disk: all.one.disk }
      await atEachStep(
        async () => {
          all.store.state = frozen.state
          all.one.disk = frozen.disk
          return all
        },
        ({ one }) => ({ host: one, protocol: claimOf(one, 1) }),
        async (again, then) => {
          again.store.arrive()
          await claim(again.one, 1)
          requireAgreement(again, `${what}, ${then}`)
        },
      )
    },
  )
})

test.run()
