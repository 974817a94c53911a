/** The lists of runtimes, which the kernel tests use, too. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { callersDirectory } from '../../harness/callers.ts'
import type { Network } from '../../harness/cnitool.ts'

/** A list of test/fixtures/callers: `nomad`. */
export function callersList(name: string): Network {
  return JSON.parse(readFileSync(join(callersDirectory, `${name}.conflist`), 'utf8'))
}
