import * as assert from 'uvu/assert'
import { CniError } from '../../../shared/error/error.ts'
import { type Address, parseAddress } from '../../../shared/ip/address.ts'
import {
  capacity,
  formatRange,
  formatRangeSet,
  includes,
  parseRange,
  parseRangeSet,
  type RangeConfig,
  requireDistinct,
  roleOf,
} from '../../../shared/ipam/range.ts'
import { test } from '../../harness/test.ts'

const address = (text: string): Address => parseAddress(text) as Address
const range = (config: RangeConfig) => parseRange(config, 'ipam')
const set = (...configs: RangeConfig[]) => parseRangeSet(configs, 'ipam.ranges[0]', 0)

function refused(action: () => unknown, message: string): void {
  assert.throws(action, (error: unknown) => {
    assert.instance(error, CniError)
    assert.is((error as CniError).code, 7)
    assert.is((error as CniError).message, message)
    return true
  })
}

test('a range reaches from the first host address to the last, with the first as gateway', () => {
  const { gateway, ...rest } = range({ subnet: '192.0.2.0/24' })
  assert.is(formatRange(rest as never), '192.0.2.1-192.0.2.254')
  assert.equal(gateway, address('192.0.2.1'))
})

test('an IPv6 range has no broadcast address to leave out', () => {
  assert.is(
    formatRange(range({ subnet: '2001:db8:1::/64' })),
    '2001:db8:1::1-2001:db8:1:0:ffff:ffff:ffff:ffff',
  )
})

test('start, end and gateway are used as configured, the gateway also from outside the subnet', () => {
  const given = {
    subnet: '192.0.2.0/24',
    rangeStart: '192.0.2.40',
    rangeEnd: '192.0.2.50',
    gateway: '198.51.100.1',
  }
  assert.is(formatRange(range(given)), '192.0.2.40-192.0.2.50')
  assert.equal(range(given).gateway, address('198.51.100.1'))
})

test('a subnet with host bits is refused with its network address', () => {
  refused(
    () => range({ subnet: '192.0.2.12/24' }),
    'ipam.subnet: Network has host bits set. For a subnet mask of length 24 the network address is 192.0.2.0',
  )
})

test('all addresses of the smallest subnets are for containers, which have no gateway by default', () => {
  for (const [subnet, expected] of [
    ['192.0.2.0/31', '192.0.2.0-192.0.2.1'],
    ['192.0.2.7/32', '192.0.2.7-192.0.2.7'],
    ['2001:db8::/127', '2001:db8::-2001:db8::1'],
    ['2001:db8::7/128', '2001:db8::7-2001:db8::7'],
  ] as const) {
    const whole = range({ subnet })
    assert.equal([formatRange(whole), whole.gateway], [expected, undefined])
    assert.is(roleOf([whole], whole.start), undefined)
  }
  const withGateway = range({ subnet: '192.0.2.0/31', gateway: '192.0.2.0' })
  assert.is(capacity([withGateway]), 1n)
  refused(
    () => range({ subnet: '192.0.2.7/32', gateway: '192.0.2.7' }),
    'ipam: range 192.0.2.7-192.0.2.7 is only the gateway, network or broadcast address',
  )
})

test('excluded addresses and subnets are cut out of a range', () => {
  for (const [exclude, left] of [
    [['192.0.2.10'], '192.0.2.1-192.0.2.9,192.0.2.11-192.0.2.30'],
    [['192.0.2.8/29', '192.0.2.1'], '192.0.2.2-192.0.2.7,192.0.2.16-192.0.2.30'],
    [['192.0.2.10', '192.0.2.9', '192.0.2.10'], '192.0.2.1-192.0.2.8,192.0.2.11-192.0.2.30'],
    [['192.0.2.16/28', '10.0.0.0/8', '2001:db8::/32'], '192.0.2.1-192.0.2.15'],
    [['192.0.2.30', '192.0.2.31/32', 'fd00::1'], '192.0.2.1-192.0.2.29'],
    [['192.0.2.8/29', '192.0.2.9', '192.0.2.0/29', '192.0.2.14/31'], '192.0.2.16-192.0.2.30'],
  ] as const)
    assert.is(formatRangeSet(set({ subnet: '192.0.2.0/27', exclude: [...exclude] })), left)
  refused(
    () => set({ subnet: '192.0.2.0/30', exclude: ['192.0.2.0/24'] }),
    'ipam.ranges[0][0]: nothing of range 192.0.2.1-192.0.2.2 is left without the addresses of exclude',
  )
})

test('text that is no subnet or no address is refused with its place', () => {
  refused(() => range({ subnet: '192.0.2.0' }), 'ipam.subnet: invalid CIDR address: 192.0.2.0')
  refused(
    () => range({ subnet: '192.0.2.0/24', gateway: '192.0.2.1/24' }),
    'ipam.gateway: invalid IP address: 192.0.2.1/24',
  )
})

test('start and end outside of the subnet are refused', () => {
  const subnet = '192.0.2.0/24'
  refused(
    () => range({ subnet, rangeStart: '192.0.3.0' }),
    'ipam.rangeStart: RangeStart 192.0.3.0 not in network 192.0.2.0/24',
  )
  refused(
    () => range({ subnet, rangeEnd: '192.0.4.0' }),
    'ipam.rangeEnd: RangeEnd 192.0.4.0 not in network 192.0.2.0/24',
  )
  refused(
    () => range({ subnet, rangeStart: '2001:db8::1' }),
    'ipam.rangeStart: RangeStart 2001:db8::1 not in network 192.0.2.0/24',
  )
})

test('a range that ends before it starts is refused', () => {
  refused(
    () => range({ subnet: '192.0.2.0/24', rangeStart: '192.0.2.50', rangeEnd: '192.0.2.40' }),
    'ipam: RangeStart 192.0.2.50 lies after RangeEnd 192.0.2.40',
  )
})

test('a range without a usable address is refused', () => {
  refused(
    () => range({ subnet: '192.0.2.0/24', rangeEnd: '192.0.2.1' }),
    'ipam: range 192.0.2.1-192.0.2.1 is only the gateway, network or broadcast address',
  )
})

test('a gateway of the other family is refused', () => {
  refused(
    () => range({ subnet: '192.0.2.0/24', gateway: 'fe80::1' }),
    'ipam.gateway: gateway fe80::1 is not of the family of 192.0.2.0/24',
  )
})

test('a range includes its ends and the addresses between, only of its own family', () => {
  const ten = range({ subnet: '192.0.2.0/24', rangeStart: '192.0.2.40', rangeEnd: '192.0.2.50' })
  const inside = (text: string) => includes(ten, address(text))
  assert.equal(['192.0.2.40', '192.0.2.45', '192.0.2.50'].map(inside), [true, true, true])
  assert.equal(['192.0.2.39', '192.0.2.51', '::c000:22d'].map(inside), [false, false, false])
})

test('a set must hold ranges of one family that do not overlap', () => {
  refused(() => set(), 'ipam.ranges[0]: invalid range set 0: empty range set')
  refused(
    () => set({ subnet: '192.0.2.0/24' }, { subnet: '2001:db8::/64' }),
    'ipam.ranges[0]: invalid range set 0: mixed address families',
  )
  refused(
    () => set({ subnet: '192.0.2.0/24', rangeEnd: '192.0.2.9' }, { subnet: '192.0.0.0/16' }),
    'ipam.ranges[0]: invalid range set 0: subnets 192.0.2.1-192.0.2.9 and 192.0.0.1-192.0.255.254 overlap',
  )
})

test('the place of a bad range inside a set is named', () => {
  refused(
    () => set({ subnet: '192.0.2.0/24' }, { subnet: '198.51.100' }),
    'ipam.ranges[0][1].subnet: invalid CIDR address: 198.51.100',
  )
})

test('one subnet may be divided into disjoint ranges', () => {
  const halves = set(
    { subnet: '192.0.2.0/24', rangeEnd: '192.0.2.99' },
    { subnet: '192.0.2.0/24', rangeStart: '192.0.2.100' },
  )
  assert.is(formatRangeSet(halves), '192.0.2.1-192.0.2.99,192.0.2.100-192.0.2.254')
})

test('sets that share addresses are refused, and so is an empty list of sets', () => {
  const [one, other] = [set({ subnet: '192.0.2.0/24' }), set({ subnet: '192.0.0.0/16' })]
  refused(() => requireDistinct([one, other]), 'ipam.ranges: range set 0 overlaps with 1')
  refused(() => requireDistinct([]), 'ipam: no IP ranges specified')
  requireDistinct([one, set({ subnet: '2001:db8::/64' })])
})

test('gateway, network and broadcast address have a role, even where the range includes them', () => {
  const whole = set({ subnet: '192.0.2.0/24', rangeStart: '192.0.2.0', rangeEnd: '192.0.2.255' })
  assert.is(roleOf(whole, address('192.0.2.0')), 'network')
  assert.is(roleOf(whole, address('192.0.2.1')), 'gateway')
  assert.is(roleOf(whole, address('192.0.2.2')), undefined)
  assert.is(roleOf(whole, address('192.0.2.255')), 'broadcast')
  assert.is(roleOf(set({ subnet: '2001:db8::/120' }), address('2001:db8::ff')), undefined)
})

test('the capacity of a set is the number of addresses that it can give out', () => {
  assert.is(capacity(set({ subnet: '192.0.2.0/24' })), 253n)
  assert.is(capacity(set({ subnet: '192.0.2.0/24', rangeStart: '192.0.2.0', rangeEnd: '192.0.2.255' })), 253n)
  assert.is(capacity(set({ subnet: '192.0.2.0/24', gateway: '198.51.100.1' })), 254n)
  assert.is(capacity(set({ subnet: '2001:db8::/64' })), 2n ** 64n - 2n)
})

test.run()
