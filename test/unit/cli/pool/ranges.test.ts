/** The ranges of a pool as an operator writes them, and the blocks that follow from them. */

import * as assert from 'uvu/assert'
import { planOf, rangesOf, rangeText, samePlan, sizeOf } from '../../../../cli/pool/definition.ts'
import { addressesIn, blocksIn, hasBlock, partsIn, usableIn } from '../../../../cli/pool/geometry.ts'
import { toCniError } from '../../../../shared/error/error.ts'
import { parseCidr } from '../../../../shared/ip/subnet.ts'
import { test } from '../../../harness/test.ts'

const sizes = { ipv4: 26, ipv6: 122 }
const plan = (words: readonly string[], blockSize = sizes) => planOf(rangesOf(words), blockSize)
const block = (text: string) => parseCidr(text) as NonNullable<ReturnType<typeof parseCidr>>

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    const { complaint } = toCniError(error)
    return `${complaint.msg} | ${complaint.hint ?? ''}`
  }
  return 'no refusal'
}

test('a range is a subnet with gateway, start, end and excluded addresses, and is written again in the same form', () => {
  const text =
    '10.1.0.0/16,gateway=10.1.0.9,start=10.1.1.0,end=10.1.9.255,exclude=10.1.5.0/24,exclude=10.1.6.1'
  const { ranges } = plan([text, 'FD00:1:0::/64'])
  assert.equal(ranges.map(rangeText), [text, 'fd00:1::/64'])
})

test('each fault of a range is refused with a sentence that names the range', () => {
  const faults: readonly (readonly [string, RegExp])[] = [
    ['10.1.0.0', /"10.1.0.0" is no subnet \| write SUBNET/],
    ['10.1.2.3/16', /--range 10.1.2.3\/16: Network has host bits set.*10.1.0.0 \| write 10.1.0.0\/16/],
    ['10.1.0.0/16,gatway=10.1.0.1', /unknown "gatway", did you mean gateway\?/],
    ['10.1.0.0/16,__proto__=1', /unknown "__proto__"/],
    ['10.1.0.0/16,start', /start needs a value/],
    ['10.1.0.0/16,start=10.1.0.1,start=10.1.0.2', /start stands twice/],
    ['10.1.0.0/16,start=10.2.0.1', /RangeStart 10.2.0.1 not in network 10.1.0.0\/16/],
    ['10.1.0.0/16,end=10.1.0', /invalid IP address: 10.1.0/],
    ['10.1.0.0/16,start=10.1.9.0,end=10.1.8.0', /RangeStart 10.1.9.0 lies after RangeEnd 10.1.8.0/],
    ['10.1.0.0/16,gateway=fd00::1', /gateway fd00::1 is not of the family/],
    ['10.1.0.0/16,exclude=10.2.0.0/24', /exclude 10.2.0.0\/24 is not in the subnet/],
    ['10.1.0.0/16,exclude=x', /exclude "x" is neither an address nor a subnet/],
    ['10.1.0.0/24,start=10.1.0.9,end=10.1.0.9,exclude=10.1.0.9', /nothing of range .* is left/],
    ['10.1.0.0/30,start=10.1.0.1,end=10.1.0.1', /is only the gateway/],
  ]
  for (const [word, sentence] of faults)
    assert.match(
      refusal(() => plan([word])),
      sentence,
    )
})

test('blocks fit into each subnet, and ranges of a pool share no address', () => {
  assert.match(
    refusal(() => plan(['10.1.0.0/28'])),
    /a block of \/26 is larger than the subnet \| give --block-size of 30/,
  )
  assert.match(
    refusal(() => plan(['fd00::/124'])),
    /a block of \/122 is larger.*--block-size6 of 126/,
  )
  assert.match(
    refusal(() => plan(['10.1.0.0/16', '10.1.9.0/24'])),
    /10.1.9.1-10.1.9.254.* share addresses/,
  )
  assert.match(
    refusal(() => plan([])),
    /a pool needs a range/,
  )
  assert.is(plan(['10.1.0.0/16,end=10.1.3.255', '10.1.0.0/16,start=10.1.8.0']).ranges.length, 2)
})

test('a block size is a prefix length in the bounds of its family', () => {
  assert.is(sizeOf('--block-size', undefined, 26), 26)
  assert.is(sizeOf('--block-size', '/28', 26), 28)
  for (const word of ['7', '33', '2.5', '', 'x'])
    assert.match(
      refusal(() => sizeOf('--block-size', word, 26)),
      /from 8 to 32/,
    )
  assert.match(
    refusal(() => sizeOf('--block-size6', '47', 122)),
    /from 48 to 128/,
  )
})

test('the order of ranges, the form of addresses, and the block size of an absent family make no other pool', () => {
  const one = plan(['10.1.0.0/16', '10.2.0.0/16,exclude=10.2.1.1,exclude=10.2.1.0'])
  assert.ok(
    samePlan(
      one,
      plan(['10.2.0.0/16,exclude=10.2.1.0,exclude=10.2.1.1', '10.1.0.0/16'], { ipv4: 26, ipv6: 120 }),
    ),
  )
  assert.not(samePlan(one, plan(['10.1.0.0/16'])))
  assert.not(
    samePlan(
      one,
      plan(['10.1.0.0/16', '10.2.0.0/16,exclude=10.2.1.1,exclude=10.2.1.0'], { ipv4: 27, ipv6: 122 }),
    ),
  )
})

test('blocks are counted once, whatever ranges share one', () => {
  const counts = (words: readonly string[], blockSize = sizes) =>
    partsIn(plan(words, blockSize)).map(blocksIn)
  assert.equal(counts(['10.1.0.0/24', 'fd00::/64']), [4n, 2n ** 58n])
  assert.equal(counts(['10.1.0.0/24,exclude=10.1.0.64/26']), [3n])
  assert.equal(counts(['10.1.0.0/24,exclude=10.1.0.100']), [4n])
  assert.equal(counts(['10.1.0.0/24,start=10.1.0.60,end=10.1.0.70']), [2n])
  assert.equal(counts(['10.1.0.0/30'], { ipv4: 32, ipv6: 128 }), [2n])
})

test('a block is of the pool by its size and ranges, and has the addresses that are neither special nor excluded', () => {
  const parts = partsIn(plan(['10.1.0.0/24,exclude=10.1.0.128/26']))
  assert.is(addressesIn(parts[0] as (typeof parts)[0]), 253n - 64n)
  assert.ok(hasBlock(parts, block('10.1.0.64/26')))
  for (const text of ['10.1.0.128/26', '10.1.0.64/27', '10.2.0.0/26', 'fd00::/122'])
    assert.not(hasBlock(parts, block(text)), text)
  assert.equal(
    ['10.1.0.0/26', '10.1.0.64/26', '10.1.0.192/26', '10.1.0.128/26'].map((text) =>
      usableIn(parts, block(text)),
    ),
    [62n, 64n, 63n, 0n],
  )
})

test.run()
