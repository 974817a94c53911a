import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Address, formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { allocate, candidates } from '../../../shared/ipam/allocate.ts'
import { capacity, parseRangeSet, type RangeConfig, rangeOf, roleOf } from '../../../shared/ipam/range.ts'

const address = (text: string): Address => parseAddress(text) as Address
const none = () => false
const set = (...configs: RangeConfig[]) => parseRangeSet(configs, 'ipam.ranges[0]', 0)
const inOrder = (...args: Parameters<typeof candidates>) => [...candidates(...args)].map(formatAddress)

/** Range sets of one to three ranges in subnets of their own, of either family, small enough to walk. */
const rangeSets = fc
  .record({
    family: fc.constantFrom(4, 6),
    ranges: fc.array(fc.record({ start: fc.nat(15), size: fc.nat(15), gateway: fc.nat(15) }), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ family, ranges }) =>
    ranges.map(({ start, size, gateway }, subnet): RangeConfig => {
      const host = (offset: number) =>
        family === 4 ? `192.0.${subnet}.${offset}` : `2001:db8:${subnet}::${offset.toString(16)}`
      const end = Math.min(15, start + size)
      const prefix = family === 4 ? 28 : 124
      return {
        subnet: `${family === 4 ? host(0) : `2001:db8:${subnet}::`}/${prefix}`,
        rangeStart: host(start),
        rangeEnd: host(end),
        gateway: host(gateway),
      }
    }),
  )
  .filter((configs) => {
    try {
      return set(...configs).length > 0
    } catch {
      return false
    }
  })
  .map((configs) => set(...configs))

test('the walk begins at the first address and skips the gateway', () => {
  assert.equal(inOrder(set({ subnet: '192.0.2.0/29' })), [
    '192.0.2.2',
    '192.0.2.3',
    '192.0.2.4',
    '192.0.2.5',
    '192.0.2.6',
  ])
})

test('the walk goes on after the address given last, through the other ranges, and wraps round', () => {
  const ranges = set(
    { subnet: '192.0.2.0/24', rangeStart: '192.0.2.10', rangeEnd: '192.0.2.12' },
    { subnet: '192.0.2.0/24', rangeStart: '192.0.2.20', rangeEnd: '192.0.2.21' },
  )
  const [a, b, c, d, e] = ['192.0.2.10', '192.0.2.11', '192.0.2.12', '192.0.2.20', '192.0.2.21']
  assert.equal(inOrder(ranges, address('192.0.2.11')), [c, d, e, a, b])
  assert.equal(inOrder(ranges, address('192.0.2.12')), [d, e, a, b, c])
  assert.equal(inOrder(ranges, address('192.0.2.21')), [a, b, c, d, e])
})

test('an address given last that is not in the set is forgotten', () => {
  assert.is(inOrder(set({ subnet: '192.0.2.0/29' }), address('198.51.100.7'))[0], '192.0.2.2')
})

test('an IPv6 subnet of any size is walked only as far as needed', () => {
  const found = allocate(set({ subnet: '2001:db8::/32' }), none, address('2001:db8::ffff:ffff'))
  assert.equal(found, address('2001:db8::1:0:0'))
})

test('property: every walk offers exactly the usable addresses, each once', () => {
  fc.assert(
    fc.property(rangeSets, fc.nat(), (ranges, seed) => {
      const all = [...candidates(ranges)]
      const last = all[seed % all.length]
      const walked = inOrder(ranges, last)
      assert.is(BigInt(walked.length), capacity(ranges))
      assert.is(new Set(walked).size, walked.length)
      assert.equal([...walked].sort(), all.map(formatAddress).sort())
      assert.ok(all.every((one) => rangeOf(ranges, one) && !roleOf(ranges, one)))
    }),
  )
})

test('property: whatever is allocated and released, nobody gets an address that another holds', () => {
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat(20)), { maxLength: 80 })
  fc.assert(
    fc.property(rangeSets, steps, (ranges, actions) => {
      const held: string[] = []
      let last: Address | undefined
      for (const action of actions) {
        if (action !== 'add') {
          held.splice(action, 1)
          continue
        }
        const found = allocate(ranges, (one) => held.includes(formatAddress(one)), last)
        assert.is(found === undefined, BigInt(held.length) === capacity(ranges))
        if (!found) continue
        assert.not.ok(held.includes(formatAddress(found)))
        held.push(formatAddress(found))
        last = found
      }
    }),
  )
})

test('property: a released address rests until every other free one was given', () => {
  fc.assert(
    fc.property(rangeSets, fc.nat(), (ranges, seed) => {
      const all = [...candidates(ranges)]
      const given: string[] = []
      let last = all[seed % all.length]
      for (const _ of all) {
        last = allocate(ranges, none, last) as Address
        given.push(formatAddress(last))
      }
      assert.is(new Set(given).size, all.length)
    }),
  )
})

test.run()
