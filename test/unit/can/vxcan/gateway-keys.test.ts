/** Gateway rules of vxcan: filters and changes, written as in cansend, to netlink attributes. */

import * as assert from 'uvu/assert'
import { parseChange, parseFilter, possibleGateway } from '../../../../plugins/can/vxcan/gateway-keys.ts'
import { test } from '../../../harness/test.ts'

for (const [text, id, mask] of [
  ['123:7FF', 0x123, 0x800007ff],
  ['123~7FF', 0x20000123, 0x800007ff],
  ['1F334455:1FFFFF00', 0x9f334455, 0x9fffff00],
  ['00000123~1FFFFFFF', 0xa0000123, 0x9fffffff],
] as const)
  test(`${text}: standard and extended identifiers are told apart`, () => {
    assert.equal(parseFilter(text), { id, mask })
  })

test('a change contains only the parts that it names', () => {
  assert.equal(parseChange({ id: '00000456' }), { id: 0x80000456, len: undefined, data: undefined })
  assert.equal(parseChange({ len: 2, data: 'C0ffee' }), {
    id: undefined,
    len: 2,
    data: Buffer.from([0xc0, 0xff, 0xee]),
  })
})

test('more than 8 bytes are refused except for CAN FD frames', () => {
  const gateway = (frames: 'fd' | 'both', set: { len?: number; data?: string }) => ({
    gateway: {
      device: 'can0',
      toContainer: [],
      fromContainer: [{ frames, echo: false, set }],
    },
  })
  for (const set of [{ len: 9 }, { data: '00'.repeat(9) }]) {
    assert.match(possibleGateway(gateway('both', set))?.msg ?? '', 'more than 8 bytes')
    assert.is(possibleGateway(gateway('fd', set)), undefined)
  }
  assert.is(possibleGateway(gateway('both', { len: 8, data: '00'.repeat(8) })), undefined)
})

test.run()
