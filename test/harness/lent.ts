/** DEL of an attachment whose device the kernel gives back to the host. */

import * as assert from 'uvu/assert'
import { done } from './attach.ts'
import { type Call, call } from './plugin.ts'
import { until } from './until.ts'

/** How long DEL waits for the kernel at least, before it asks the runtime to try again. */
const least = 4000

/** Calls DEL as a runtime does: again while a busy kernel keeps the device for longer than DEL waits. */
export async function deletedWithDevice(request: Omit<Call, 'verb'>): Promise<void> {
  await until('DEL has the device back', async () => {
    const begun = performance.now()
    const answer = await call({ ...request, verb: 'DEL' })
    if (answer.json?.code !== 11) {
      assert.equal(answer, done)
      return true
    }
    assert.ok(performance.now() - begun > least, JSON.stringify(answer.json))
    return false
  })
}
