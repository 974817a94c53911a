/** `patchbay doctor` in a client's root, as an operator runs it there. */

import * as assert from 'uvu/assert'
import type { Client } from './client.ts'

/** Doctor finds nothing while the client's containers run. @param patchbay the executable in the root */
export function isHealthy({ run }: Client, patchbay: string): void {
  assert.is(run(patchbay, 'doctor'), '')
}
