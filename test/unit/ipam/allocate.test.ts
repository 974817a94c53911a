import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type Address, formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { plus } from '../../../shared/ip/subnet.ts'
import { allocate, type FirstFree } from '../../../shared/ipam/allocate.ts'
import {
  capacity,
  parseRangeSet,
  type RangeConfig,
  type RangeSet,
  rangeOf,
  roleOf,
} from '../../../shared/ipam/range.ts'
import { test } from '../../harness/test.ts'

const address = (text: string): Address => parseAddress(text) as Address

/** The slow and simple way to find a free address: one after the other. */
const freeBut =
  (held: readonly string[]): FirstFree =>
  (from, to) => {
    for (let one = from; one.value <= to.value; one = plus(one, 1n))
      if (!held.includes(formatAddress(one))) return one
    return undefined
  }
const all = freeBut([])
const set = (...configs: RangeConfig[]) => parseRangeSet(configs, 'ipam.ranges[0]', 0)

/** All addresses of a set, in their order, when none is released. */
function inOrder(ranges: RangeSet, last?: Address): string[] {
  const given: string[] = []
  for (let next = allocate(ranges, all, last); next; next = allocate(ranges, freeBut(given), next))
    given.push(formatAddress(next))
  return given
}

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

test('the search begins at the first address and skips the gateway', () => {
  assert.equal(inOrder(set({ subnet: '192.0.2.0/29' })), [
    '192.0.2.2',
    '192.0.2.3',
    '192.0.2.4',
    '192.0.2.5',
    '192.0.2.6',
  ])
})

test('the search continues after the last reserved address, through the other ranges, and wraps around', () => {
  const ranges = set(
    { subnet: '192.0.2.0/24', rangeStart: '192.0.2.10', rangeEnd: '192.0.2.12' },
    { subnet: '192.0.2.0/24', rangeStart: '192.0.2.20', rangeEnd: '192.0.2.21' },
  )
  const [a, b, c, d, e] = ['192.0.2.10', '192.0.2.11', '192.0.2.12', '192.0.2.20', '192.0.2.21']
  assert.equal(inOrder(ranges, address('192.0.2.11')), [c, d, e, a, b])
  assert.equal(inOrder(ranges, address('192.0.2.12')), [d, e, a, b, c])
  assert.equal(inOrder(ranges, address('192.0.2.21')), [a, b, c, d, e])
})

test('a last reserved address outside the set is ignored', () => {
  assert.is(inOrder(set({ subnet: '192.0.2.0/29' }), address('198.51.100.7'))[0], '192.0.2.2')
})

test('an IPv6 subnet of any size is searched only as far as needed', () => {
  const found = allocate(set({ subnet: '2001:db8::/32' }), all, address('2001:db8::ffff:ffff'))
  assert.equal(found, address('2001:db8::1:0:0'))
})

/** Every usable address of a set, in the simple way. */
function usable(ranges: RangeSet): string[] {
  return ranges.flatMap(({ start, end }) => {
    const size = Number(end.value - start.value) + 1
    const those = Array.from({ length: size }, (_, at) => plus(start, BigInt(at)))
    return those.filter((one) => rangeOf(ranges, one) && !roleOf(ranges, one)).map(formatAddress)
  })
}

test('property: every search offers exactly the usable addresses, each once, from any start', () => {
  fc.assert(
    fc.property(rangeSets, fc.nat(), (ranges, seed) => {
      const expected = usable(ranges)
      const last = address(expected[seed % expected.length] ?? '')
      const walked = inOrder(ranges, last)
      assert.is(BigInt(walked.length), capacity(ranges))
      assert.equal([...walked].sort(), [...expected].sort())
      const at = expected.indexOf(formatAddress(last))
      assert.equal(walked, [...expected.slice(at + 1), ...expected.slice(0, at + 1)])
    }),
  )
})

test('property: network, broadcast and gateway addresses are never given', () => {
  fc.assert(
    fc.property(rangeSets, (ranges) => {
      const special = ranges.flatMap(({ subnet, gateway }) => [
        subnet.address,
        gateway as Address,
        ...(subnet.address.family === 4 ? [plus(subnet.address, 15n)] : []),
      ])
      const given = inOrder(ranges)
      for (const one of special) assert.not.ok(given.includes(formatAddress(one)))
    }),
  )
})

test('property: after any allocations and releases, no container gets an address that another holds', () => {
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat(20)), { maxLength: 80, size: 'max' })
  fc.assert(
    fc.property(rangeSets, steps, (ranges, actions) => {
      const held: string[] = []
      let last: Address | undefined
      for (const action of actions) {
        if (action !== 'add') {
          held.splice(action, 1)
          continue
        }
        const found = allocate(ranges, freeBut(held), last)
        assert.is(found === undefined, BigInt(held.length) === capacity(ranges))
        if (!found) continue
        assert.not.ok(held.includes(formatAddress(found)))
        held.push(formatAddress(found))
        last = found
      }
    }),
  )
})

test('property: a released address is not reused until every other free one was given', () => {
  fc.assert(
    fc.property(rangeSets, fc.nat(), (ranges, seed) => {
      const expected = usable(ranges)
      const given: string[] = []
      let last = address(expected[seed % expected.length] ?? '')
      for (const _ of expected) {
        last = allocate(ranges, all, last) as Address
        given.push(formatAddress(last))
      }
      assert.is(new Set(given).size, expected.length)
    }),
  )
})

test.run()
