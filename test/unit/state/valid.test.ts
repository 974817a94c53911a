/** Which attachments GC keeps. */

import * as assert from 'uvu/assert'
import { amongValid } from '../../../shared/state/valid.ts'
import { test } from '../../harness/test.ts'

const containers = Array.from({ length: 100 }, (_, index) => `c${index}`)
const valid = containers.map((containerID) => ({ containerID, ifname: 'eth0' }))

test('an attachment is valid if its container and interface are in the list', () => {
  const isValid = amongValid([...valid, { containerID: 'c1', ifname: 'eth1' }])
  assert.ok(isValid({ containerID: 'c1', ifname: 'eth0' }))
  assert.ok(isValid({ containerID: 'c1', ifname: 'eth1' }))
  assert.not(isValid({ containerID: 'c2', ifname: 'eth1' }))
  assert.not(isValid({ containerID: 'c200', ifname: 'eth0' }))
})

test('a record without an interface is valid if its container is in the list', () => {
  const isValid = amongValid(valid)
  assert.ok(isValid({ containerID: 'c1' }))
  assert.not(isValid({ containerID: 'c200' }))
})

test('the list is read once, however many attachments are looked up', () => {
  let reads = 0
  const counted = valid.map(({ containerID, ifname }) => ({
    ifname,
    get containerID() {
      reads++
      return containerID
    },
  }))
  const isValid = amongValid(counted)
  for (const containerID of containers) assert.ok(isValid({ containerID, ifname: 'eth0' }))
  assert.is(reads, valid.length)
})

test.run()
