import * as assert from 'uvu/assert'
import { Group, waitFor } from '../../../shared/netlink/events.ts'
import { test } from '../../harness/test.ts'

/** A state that is found at a look of this number. */
function foundAt(number: number): () => string | undefined {
  let looks = 0
  return () => (++looks >= number ? 'found' : undefined)
}

test('when the time is over it looks once more: a process that stood still is not told the time', () => {
  assert.is(waitFor(Group.LINK, 0, foundAt(3)), 'found')
  assert.is(waitFor(Group.LINK, 0, foundAt(4)), undefined)
})

test.run()
