/** The commands of FDB requests can be pasted. */

import * as assert from 'uvu/assert'
import { newFloodEntry, removeFloodEntry } from '../../../shared/netlink/fdb.ts'
import { test } from '../../harness/test.ts'

const vtep = { index: 7, name: 'vx1' }
const entry = { dst: '192.0.2.1', via: 5, viaName: 'eth0' }
const all = '00:00:00:00:00:00'

test('a command names the link to the remote', () => {
  assert.is(newFloodEntry(vtep, entry).reproduce, `bridge fdb append ${all} dev vx1 dst 192.0.2.1 via eth0`)
  assert.is(removeFloodEntry(vtep, entry).reproduce, `bridge fdb del ${all} dev vx1 dst 192.0.2.1 via eth0`)
})

test('a command without a link leaves the way to the routes', () => {
  assert.is(
    newFloodEntry(vtep, { dst: '2001:db8::1' }).reproduce,
    `bridge fdb append ${all} dev vx1 dst 2001:db8::1`,
  )
})

test.run()
