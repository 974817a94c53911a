/** When the agent claims a block ahead, and when it gives one back. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { emptySince, needsBlock, surplus } from '../../../../cli/agent/pool/decide.ts'
import { plan } from '../../../../cli/agent/pool/plan.ts'
import { takenPerBlock } from '../../../../cli/agent/pool/taken.ts'
import { type Address, parseAddress } from '../../../../shared/ip/address.ts'
import { type Cidr, contains, parseCidr } from '../../../../shared/ip/subnet.ts'
import { test } from '../../../harness/test.ts'

const fill = (used: number, size = 64, block = `${used}`) => ({ block, size, used })

test('a block is claimed ahead when three quarters of the only one are taken, and not before', () => {
  assert.is(needsBlock([fill(47)]), false)
  assert.is(needsBlock([fill(48)]), true)
  assert.is(needsBlock([fill(64)]), true)
})

test('a network without a block waits for its first ADD, and a spare one is enough', () => {
  assert.is(needsBlock([]), false)
  assert.is(needsBlock([fill(64), fill(0)]), false)
})

test('full blocks and the rest of several count together', () => {
  assert.is(needsBlock([fill(64), fill(40)]), false)
  assert.is(needsBlock([fill(56), fill(55)]), false)
  assert.is(needsBlock([fill(56), fill(56)]), true)
})

test('blocks of one address: one is always ahead', () => {
  assert.is(needsBlock([fill(1, 1)]), true)
  assert.is(needsBlock([fill(1, 1), fill(0, 1)]), false)
})

test('more records than a block can give, as after a change of the pool, are no negative room', () => {
  assert.is(needsBlock([fill(70), fill(0)]), false)
})

test('one empty block stays, the others go when their time is over, the oldest first', () => {
  const since = new Map([
    ['new', 50],
    ['old', 10],
    ['middle', 30],
  ])
  assert.equal(surplus(since, 1, 100, 60), { blocks: [], next: 50 })
  assert.equal(surplus(since, 1, 100, 110), { blocks: ['old'], next: 20 })
  assert.equal(surplus(since, 1, 100, 1000), { blocks: ['old', 'middle'] })
  assert.equal(surplus(since, 0, 100, 1000), { blocks: ['old', 'middle', 'new'] })
  assert.equal(surplus(new Map([['only', 0]]), 1, 0, 1000), { blocks: [] })
})

test('a block that was used meanwhile begins to be empty anew', () => {
  const first = emptySince(new Map(), [fill(0, 64, 'a'), fill(3, 64, 'b')], 1)
  assert.equal(first, new Map([['a', 1]]))
  const used = emptySince(first, [fill(1, 64, 'a'), fill(0, 64, 'b')], 2)
  assert.equal(used, new Map([['b', 2]]))
  assert.equal(
    emptySince(used, [fill(0, 64, 'a'), fill(0, 64, 'b')], 3),
    new Map([
      ['a', 3],
      ['b', 2],
    ]),
  )
  assert.equal(emptySince(used, [], 4), new Map())
})

test('what is claimed is not given back at once: an empty surplus and a need never come together', () => {
  const fills = fc.array(
    fc.record({ size: fc.constantFrom(1, 2, 61, 64), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(fills, (some) => {
      const all = some.map(({ size, part }, at) => fill(Math.round(size * part), size, String(at)))
      const since = emptySince(new Map(), all, 0)
      if (surplus(since, 1, 0, 0).blocks.length > 0) {
        const back = surplus(since, 1, 0, 0).blocks
        assert.is(
          needsBlock(all.filter(({ block }) => !back.includes(block))) &&
            all.every(({ size }) => size === 64),
          false,
        )
      }
    }),
  )
})

const definition = {
  id: '00000000-0000-4000-8000-000000000000',
  ranges: [],
  blockSize: { ipv4: 26, ipv6: 122 },
}
const holdings = {
  ...{
    network: 'n',
    dataDir: '/d',
    id: definition.id,
    pool: 'p',
    store: definition.id,
    blocks: [],
    singles: [],
  },
  definition,
}

/** What is to be done for a network whose blocks of IPv4 are so full, a day after the first look. */
function planned(used: number[], more: { isConfigured?: boolean; closing?: boolean; idle?: string[] } = {}) {
  const { isConfigured = true, closing, idle: idleSingles = [] } = more
  const fills = new Map([[4 as const, used.map((count, at) => fill(count, 64, `b${at}`))]])
  const full = { holdings: { ...holdings, definition: { ...definition, closing } }, fills, idleSingles }
  const at = (now: number) => ({ now, emptyFor: 1000, isConfigured })
  const { remembered } = plan(full, { since: new Map() }, at(0))
  return plan(full, remembered, at(1000)).tasks.map((task) => (task.do === 'claim' ? 'claim' : task.name))
}

test('a network that no configuration names keeps a spare block only while it uses another', () => {
  assert.equal(planned([0]), [])
  assert.equal(planned([0], { isConfigured: false }), ['b0'])
  assert.equal(planned([64, 0], { isConfigured: false }), [])
  assert.equal(planned([64], { isConfigured: false }), ['claim'])
})

test('of a pool that is being deleted nothing is claimed, and all that is empty goes back', () => {
  assert.equal(planned([64, 3], { closing: true }), [])
  assert.equal(planned([64], { closing: true }), [])
  assert.equal(planned([0, 5, 0], { closing: true }), ['b0', 'b2'])
})

test('an address in another host’s block that no container has goes back, and not at once', () => {
  assert.equal(planned([5], { idle: ['10.9.9.9'] }), ['10.9.9.9'])
  const full = { holdings, fills: new Map(), idleSingles: ['10.9.9.9'] }
  const first = plan(full, { since: new Map() }, { now: 0, emptyFor: 1000, isConfigured: true })
  assert.equal([first.tasks, first.next], [[], 1000])
})

test('taken addresses are counted in the block in which they lie, of either family, however blocks are sorted', () => {
  const blocks = ['10.1.0.64/26', 'fd00::40/122', '10.1.0.0/26', '10.1.4.0/22'].map(
    (text) => parseCidr(text) as Cidr,
  )
  const texts = [
    '10.1.0.0',
    '10.1.0.63',
    '10.1.0.64',
    '10.0.255.255',
    '10.1.0.128',
    '10.1.7.255',
    'fd00::40',
    'fd00::80',
    '::1',
    'fd00::7f',
    '10.1.8.0',
  ]
  const taken = texts.map((text) => parseAddress(text) as Address)
  const expected = blocks.map((block) => taken.filter((address) => contains(block, address)).length)
  assert.equal(takenPerBlock(blocks, taken), expected)
  assert.equal(expected, [1, 2, 2, 1])
  assert.equal(takenPerBlock([], taken), [])
})

test.run()
