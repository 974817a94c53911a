/** The pool part: what keeps it from its work is told. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { partWith } from '../../../../cli/agent/pool/part.ts'
import type { Hands } from '../../../../cli/pool/hands.ts'
import { CniError, Code } from '../../../../shared/error/error.ts'
import { keysBelow } from '../../../../shared/store/keys.ts'
import { memoryStore } from '../../../harness/memory-connection.ts'
import { test } from '../../../harness/test.ts'
import { until } from '../../../harness/until.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'agent-part-'))
const network = { name: 'net', plugin: 'bridge', raw: {}, pool: { pool: 'blue', dataDir }, peers: false }

/** A part whose hands fail, and what it has logged. */
function partThatFails(failure: () => unknown) {
  const lines: string[] = []
  const fail = () => Promise.reject(failure())
  const hands: Hands = { locked: fail, free: fail, holding: fail }
  const log = { warn: (text: string) => void lines.push(text), info() {} }
  const settings = { beat: 60_000, emptyFor: 60_000 }
  const surroundings = { connection: memoryStore(), keys: keysBelow('/p/'), host: 'one', log, settings }
  const part = partWith(surroundings, () => hands)
  part.use([network])
  return { part, lines }
}

test('etcd refuses the first request of an agent: it says so, with what to do, once', async () => {
  const msg = 'etcd refuses: the user may not use /p/epoch'
  const { part, lines } = partThatFails(
    () => new CniError(Code.TryAgainLater, { msg, hint: 'give it a role' }),
  )
  await until('it is told', () => part.troubles().length > 0)
  await part.stop()
  assert.equal(part.troubles(), [`addresses: ${msg} (give it a role)`])
  assert.equal(lines, part.troubles())
})

test.after(() => rmSync(dataDir, { recursive: true }))
test.run()
