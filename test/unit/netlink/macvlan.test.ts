/** macvlan's attributes: the bytes that iproute2 sends, and back. */

import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { type MacvlanOptions, macvlanKind, parseMacvlan } from '../../../shared/netlink/macvlan.ts'
import { test } from '../../harness/test.ts'

function bytesOf(data: StreamData = Buffer.alloc(0)): Buffer {
  const stream = new AttrStream()
  stream.emit(data)
  return Buffer.concat(stream.bufs)
}

/** IFLA_INFO_DATA as `ip link add … type macvlan` sends it. */
const known: [MacvlanOptions, string, string][] = [
  [{ mode: 'bridge' }, '0800010004000000', 'mode bridge'],
  [{ mode: 'passthru' }, '0800010008000000', 'mode passthru'],
  [{ mode: 'vepa', bcqueuelen: 2000 }, '0800010002000000' + '08000700d0070000', 'mode vepa bcqueuelen 2000'],
  [
    { mode: 'source', sourceMacs: ['02:00:5e:10:00:01'] },
    `${'0800010010000000'}${'0800030003000000'}${'10000500'}${'0a00040002005e1000010000'}`,
    'mode source macaddr set 02:00:5e:10:00:01',
  ],
]

for (const [options, bytes, words] of known)
  test(`${words}: encoded as by iproute2`, () => {
    const { kind, data, words: said } = macvlanKind(options)
    assert.equal([kind, said], ['macvlan', words])
    assert.is(bytesOf(data).toString('hex'), bytes)
  })

test('the kernel’s reply is decoded, and other attributes are ignored', () => {
  const macs = ['02:00:5e:10:00:01', '02:00:5e:10:00:02']
  const { data } = macvlanKind({ mode: 'source', sourceMacs: macs, bcqueuelen: 7 })
  const told = Buffer.concat([bytesOf(data), Buffer.from('0800090001000000', 'hex')])
  assert.equal(parseMacvlan(told), { mode: 'source', sourceMacs: macs, bcqueuelen: 7 })
})

test.run()
