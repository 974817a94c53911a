/** The journal of DHCP, where ADD, DEL and the renewer come at one moment. No server is asked. */

import * as assert from 'uvu/assert'
import { journal } from '../../shared/ipam/dhcp/journal.ts'
import { dropEntry, replaceEntry, takeEntry } from '../../shared/ipam/dhcp/journal-changes.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { leaseEntry } from '../harness/lease.ts'
import { test } from '../harness/test.ts'

await privateHost()

const own = newContainer()
const attachment = { network: 'lan', containerID: 'one', ifname: 'eth0' }
const first = leaseEntry(attachment, own, { ago: 60 })
const second = leaseEntry(attachment, own, {}, '10.19.0.8/24')

test('an entry that another ADD has made anew is neither replaced nor dropped, be the interface the same', () => {
  journal.write(second)
  assert.not(replaceEntry(first, { ...first, rapidCommit: true }))
  dropEntry(first)
  assert.equal(journal.read(attachment), second)
  assert.ok(replaceEntry(second, { ...second, rapidCommit: true }))
  dropEntry(second)
  assert.is(journal.read(attachment), undefined)
})

test('DEL takes the lease that the renewer has just got, and not the one that it has read', () => {
  journal.write(second)
  assert.is(takeEntry(first).lease4?.address, '10.19.0.8/24')
  assert.is(journal.read(attachment), undefined)
  assert.is(
    takeEntry(first).lease4?.address,
    '10.19.0.7/24',
    'what is gone already is given back all the same',
  )
})

test.run()
