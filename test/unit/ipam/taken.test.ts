import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type Address, formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { plus } from '../../../shared/ip/subnet.ts'
import { countFree, firstFree, haveExactly, PAGE_BYTES, placeOf } from '../../../shared/ipam/taken.ts'
import { test } from '../../harness/test.ts'

const address = (text: string): Address => parseAddress(text) as Address

/** Pages in which these addresses are taken. */
function pagesOf(taken: readonly Address[]): Map<string, Uint8Array> {
  const pages = new Map<string, Uint8Array>()
  for (const one of taken) {
    const { page, byte, mask } = placeOf(one)
    const bytes = pages.get(page) ?? new Uint8Array(PAGE_BYTES)
    bytes[byte] = (bytes[byte] ?? 0) | mask
    pages.set(page, bytes)
  }
  return pages
}

const find = (taken: readonly Address[], from: Address, to: Address) => {
  const pages = pagesOf(taken)
  return firstFree((name) => pages.get(name), from, to)
}

test('an address has its bit on the page of its 32,768 neighbours', () => {
  assert.equal(placeOf(address('10.1.2.3')), { page: '10.1.0.0', byte: 64, mask: 8 })
  assert.equal(placeOf(address('10.1.255.255')), { page: '10.1.128.0', byte: 4095, mask: 128 })
  assert.equal(placeOf(address('fd00::1:8001')), { page: 'fd00::1:8000', byte: 0, mask: 2 })
})

test('when no address is taken, the first is free, in a subnet of any size', () => {
  const [from, to] = [address('2001:db8::1'), address('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff')]
  assert.equal(find([], from, to), from)
})

test('free addresses are counted between any two, over the end of a page, until there are enough', () => {
  const start = address('10.1.127.240')
  const offset = fc.integer({ min: 0, max: 40 })
  fc.assert(
    fc.property(fc.array(offset), offset, offset, (some, one, other) => {
      const [first, last] = [Math.min(one, other), Math.max(one, other)]
      const at = (number: number) => plus(start, BigInt(number))
      const pages = pagesOf(some.map(at))
      const count = (enough: number) => countFree((name) => pages.get(name), at(first), at(last), enough)
      const free = last - first + 1 - new Set(some.filter((each) => each >= first && each <= last)).size
      assert.is(count(1000), free)
      assert.ok(count(5) >= Math.min(5, free))
    }),
  )
  assert.ok(countFree(() => undefined, start, plus(start, 10n ** 9n), 3) < 40)
})

test('full pages are skipped, and the search ends at its limit', () => {
  const start = address('10.1.0.0')
  const taken = Array.from({ length: 65_536 + 5 }, (_, at) => plus(start, BigInt(at)))
  assert.equal(find(taken, start, address('10.2.0.255')), address('10.2.0.5'))
  assert.is(find(taken, start, address('10.2.0.4')), undefined)
})

test('the part of a page that was not written counts as free', () => {
  assert.equal(
    firstFree(() => new Uint8Array([0xff, 0x0f]), address('10.1.0.0'), address('10.1.1.0')),
    address('10.1.0.12'),
  )
})

test('pages have exactly the addresses they were made of: none less, none more, on no other page', () => {
  const [one, two, far] = [address('10.1.2.3'), address('10.1.2.4'), address('fd00::7')]
  const has = (taken: readonly Address[], addresses: readonly Address[]) =>
    haveExactly(pagesOf(taken), addresses)
  assert.ok(has([], []))
  assert.ok(has([one, two, far], [far, two, one]))
  assert.ok(has([one], [one, one]), 'two records may be of one address')
  assert.not.ok(has([one, far], [one]))
  assert.not.ok(has([one, two], [one]))
  assert.not.ok(has([one], [one, two]))
  assert.not.ok(has([one], [one, far]))
})

test('property: the first free address is the one that a plain search finds, across the border of pages', () => {
  const offsets = fc.uniqueArray(fc.nat(80), { maxLength: 81 })
  const starts = fc.constantFrom('10.0.127.216', '10.0.255.216', 'fd00::7fd8', '255.255.255.1')
  fc.assert(
    fc.property(starts, offsets, fc.nat(80), fc.nat(80), (start, taken, begin, length) => {
      const at = (offset: number) => plus(address(start), BigInt(offset))
      const range = Array.from({ length: length + 1 }, (_, index) => begin + index)
      const expected = range.find((offset) => !taken.includes(offset))
      const found = find(taken.map(at), at(begin), at(begin + length))
      assert.equal(
        found && formatAddress(found),
        expected === undefined ? undefined : formatAddress(at(expected)),
      )
    }),
  )
})

test.run()
