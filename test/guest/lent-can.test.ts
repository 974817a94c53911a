/** A CAN controller that is lent to a container, in a guest: the machine's own kernel may have no CAN. */

import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'
import { runInGuest } from './boot.ts'

test('a CAN controller that is lent to a container comes back, and is not forgotten while it is away', async () => {
  const program = join(import.meta.dirname, 'lent-can.ts')
  const { status, stdout, stderr } = await runInGuest([process.execPath, program])
  assert.is(status, 0, stdout + stderr)
  assert.match(stdout, 'Passed:    3')
})

test.run()
