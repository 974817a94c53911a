import fc from 'fast-check'
import * as assert from 'uvu/assert'
import * as z from 'zod/mini'
import { type Address, parseAddress } from '../../../shared/ip/address.ts'
import { isHoldings } from '../../../shared/ipam/pool/holdings.ts'
import { familySets, isOfPool } from '../../../shared/ipam/pool/sets.ts'
import { isNeed, requireOnePerFamily, supplyOf } from '../../../shared/ipam/pool/supply.ts'
import { usableOf } from '../../../shared/ipam/pool/usable.ts'
import { formatRangeSet } from '../../../shared/ipam/range.ts'
import { holdings } from '../../../shared/store/memory.ts'
import { type Held, holdingsOf } from '../../harness/pool.ts'
import { test } from '../../harness/test.ts'
import { fails } from './request.ts'

const of = (held: Held) => holdingsOf('net', '/d', held)
const address = (text: string) => parseAddress(text) as Address
const held = (some: Held) => familySets(of(some)).map((set) => formatRangeSet(set.held))

test('a set is what a held block and the ranges of the pool have in common', () => {
  const ranges = [{ subnet: '10.80.0.0/16', rangeStart: '10.80.0.10', rangeEnd: '10.80.1.20' }]
  assert.equal(held({ ranges, blocks: ['10.80.0.0/28', '10.80.1.16/28'] }), [
    '10.80.0.10-10.80.0.15,10.80.1.16-10.80.1.20',
  ])
})

test('the first and the last address of a block are given as any other, those of the subnet are not', () => {
  const { held: set } = familySets(
    of({ blocks: ['10.80.0.0/28', '10.80.3.0/28', '10.80.255.240/28'] }),
  )[0] as never
  assert.is(formatRangeSet(set), '10.80.0.1-10.80.0.15,10.80.3.0-10.80.3.15,10.80.255.240-10.80.255.254')
})

test('excluded addresses are taken out of the blocks', () => {
  const ranges = [{ subnet: '10.80.0.0/16', exclude: ['10.80.1.4', '10.80.1.8/29'] }]
  assert.equal(held({ ranges, blocks: ['10.80.1.0/28'] }), ['10.80.1.0-10.80.1.3,10.80.1.5-10.80.1.7'])
})

test('a pool with thousands of excluded addresses is read as fast as any', () => {
  const exclude = Array.from({ length: 5000 }, (_, at) => `10.80.${1 + (at >> 7)}.${(at & 127) * 2}`)
  const usable = usableOf({ ranges: [{ subnet: '10.80.0.0/16', exclude }, { subnet: 'fd00:80::/64' }] })
  assert.is(usable.length, 5002)
  assert.equal(formatRangeSet(usable.slice(0, 2)), '10.80.0.2-10.80.0.255,10.80.1.1-10.80.1.1')
})

test('each family of the pool has a set, also without a block, and several ranges of a family have one', () => {
  const ranges = [{ subnet: 'fd00:80::/64' }, { subnet: '10.81.0.0/24' }, { subnet: '10.80.0.0/24' }]
  assert.equal(held({ ranges, blocks: ['10.80.0.16/28', '10.81.0.32/28'] }), [
    '10.80.0.16-10.80.0.31,10.81.0.32-10.81.0.47',
    '',
  ])
})

test('a block that is being claimed, given back or disputed gives nothing, nor does one outside of the ranges', () => {
  const blocks = ['claiming 10.80.1.0/28', 'leaving 10.80.2.0/28', 'disputed 10.80.3.0/28', '10.99.0.0/28']
  assert.equal(held({ blocks }), [''])
})

test('CHECK knows addresses of the subnets, and of all that is held in any state', () => {
  const some = of({ blocks: ['leaving 10.99.0.0/28'], singles: ['disputed 10.98.0.7'] })
  const known = (text: string) => isOfPool(address(text), some)
  assert.equal(['10.80.200.1', '10.99.0.3', '10.98.0.7'].map(known), [true, true, true])
  assert.equal(['10.81.0.1', '10.99.0.16', '10.98.0.8', '::1'].map(known), [false, false, false, false])
})

const dual = { ranges: [{ subnet: '10.80.0.0/16' }, { subnet: 'fd00:80::/64' }] }
const both = { ...dual, blocks: ['10.80.1.0/28', 'fd00:80::10/124'] }
const needOf = (some: Held | undefined, ...wishes: string[]) => {
  const supply = supplyOf(some && of(some), wishes.map(address))
  return isNeed(supply) ? [supply.families, supply.addresses.length, supply.why] : undefined
}

test('without a block of a family one is needed; without any knowledge, and in a pool that is being deleted, all are', () => {
  assert.equal(needOf({ ...dual, blocks: ['10.80.1.0/28'] }), [[6], 0, undefined])
  assert.equal(needOf(dual), [[4, 6], 0, undefined])
  assert.equal(needOf(undefined), [[], 0, undefined])
  assert.equal(needOf({ ...both, closing: true }), [[], 0, 'the pool is being deleted'])
  assert.equal(needOf({ ...both, ranges: [{ subnet: 'nonsense' }] }), [[], 0, undefined])
  assert.is(needOf(both), undefined)
})

test('a wish is given from a held block or a granted address; another one has to be claimed, and no block of its family', () => {
  assert.is(needOf(both, '10.80.1.9'), undefined)
  assert.is(needOf({ ...both, singles: ['10.80.7.7'] }, '10.80.7.7'), undefined)
  assert.equal(needOf({ ...both, singles: ['leaving 10.80.7.7'] }, '10.80.7.7'), [[], 1, undefined])
  assert.equal(needOf(dual, '10.80.7.7'), [[6], 1, undefined])
  assert.equal(needOf({ blocks: ['10.80.1.0/28'] }, 'fd00:80::7'), [[], 1, undefined])
})

test('a wish for the gateway of the subnet is refused, and two of one family', async () => {
  const wish = () => supplyOf(of({ blocks: ['10.80.0.0/28'] }), [address('10.80.0.1')])
  await fails(wish, 7, "requested ip 10.80.0.1 is subnet's gateway")
  await fails(
    () => requireOnePerFamily([address('10.80.1.1'), address('fd00::1'), address('10.80.1.2')]),
    7,
    '10.80.1.1 and 10.80.1.2 are requested: a pool gives a container one address of each IP version',
  )
})

test('what the schema of the file accepts, the check by hand accepts, and what it refuses lacks no text that is used', () => {
  const good = of({
    ...both,
    singles: ['10.80.7.7'],
    ranges: [{ subnet: '10.80.0.0/16', gateway: '10.80.0.9', exclude: ['10.80.0.3'] }],
  })
  assert.ok(z.safeParse(holdings, good).success)
  assert.ok(isHoldings(good))
  const places = [
    'pool',
    'definition',
    'blocks',
    'singles',
    'definition.ranges',
    'definition.ranges.0',
    'definition.ranges.0.subnet',
  ]
  const more = [
    'definition.ranges.0.gateway',
    'definition.ranges.0.exclude',
    'blocks.0',
    'blocks.0.block',
    'blocks.1.state',
    'singles.0.address',
  ]
  for (const place of [...places, ...more])
    for (const value of [null, 5, [7], {}])
      assert.not(isHoldings(changed(good, place, value)), `${place} ${JSON.stringify(value)}`)
})

/** A copy with another value at a place. */
function changed(value: object, place: string, other: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>
  const steps = place.split('.')
  const last = steps.pop() ?? ''
  const inner = steps.reduce((at, step) => at[step] as Record<string, unknown>, copy)
  inner[last] = other
  return copy
}

test('no text of a file makes ADD throw anything but an error of its own, or lack an answer', () => {
  const texts = fc.constantFrom('10.80.1.0/28', '10.80.1.0', 'x', '', 'fd00::/200', '10.80.1.3/0', '::/0')
  const any = fc.record({
    blocks: fc.array(texts),
    singles: fc.array(texts),
    subnet: texts,
    gateway: fc.option(texts, { nil: undefined }),
  })
  fc.assert(
    fc.property(any, ({ blocks, singles, subnet, gateway }) => {
      const supply = supplyOf(of({ blocks, singles, ranges: [{ subnet, gateway }] }), [])
      return isNeed(supply) || supply.requests.length === supply.sets.length
    }),
  )
})

test.run()
