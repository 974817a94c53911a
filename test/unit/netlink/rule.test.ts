/** Our messages about rules against the codecs of npm's package. */

import * as rt from 'netlink/dist/rt/structs.js'
import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { type Address, parseAddress, toBytes } from '../../../shared/ip/address.ts'
import { newRule, removeRule } from '../../../shared/netlink/rule.ts'
import { test } from '../../harness/test.ts'

function bytes(data: StreamData): Buffer {
  const stream = new AttrStream()
  stream.emit(data)
  return Buffer.concat(stream.bufs)
}

for (const [text, table] of [
  ['10.1.2.3', 100],
  ['10.1.2.3', 7000],
  ['fd00::3', 101],
] as const)
  test(`from ${text} lookup ${table} is read as npm’s package reads it`, () => {
    const from = parseAddress(text) as Address
    for (const request of [newRule({ from, table }), removeRule({ from, table, priority: 5 })]) {
      const { data, attrs } = rt.parseRuleMessage(bytes(request.payload))
      assert.equal([data.family, data.srcLen], [from.family === 4 ? 2 : 10, from.family === 4 ? 32 : 128])
      assert.is(data.table, table < 256 ? table : 0)
      assert.equal([attrs.table, Buffer.from(attrs.src ?? [])], [table, Buffer.from(toBytes(from))])
    }
  })

test('an error has the command of iproute2', () => {
  const from = parseAddress('fd00::3') as Address
  assert.is(newRule({ from, table: 101 }).reproduce, 'ip -6 rule add from fd00::3 lookup 101')
  assert.is(
    removeRule({ from, table: 101, priority: 9 }).reproduce,
    'ip -6 rule del from fd00::3 lookup 101 priority 9',
  )
})

test.run()
