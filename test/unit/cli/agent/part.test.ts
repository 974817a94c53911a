/** The pool part: what keeps it from its work is told. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { followKeys } from '../../../../cli/agent/pool/followed.ts'
import { partWith } from '../../../../cli/agent/pool/part.ts'
import type { Hands } from '../../../../cli/pool/hands.ts'
import { CniError, Code } from '../../../../shared/error/error.ts'
import type { Follower } from '../../../../shared/store/connection.ts'
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

test('a range that etcd refuses is told until it is allowed; the others that answer meanwhile are no return of the store', () => {
  const followers: Follower[] = []
  const connection = {
    ...memoryStore(),
    follow(_: unknown, follower: Follower) {
      followers.push(follower)
      return { close() {} }
    },
  }
  const told: string[] = []
  const quiet = { changed() {}, away() {}, anew() {} }
  followKeys(connection, {
    ...quiet,
    back: () => told.push('back'),
    refused: (name, refusal) => told.push(`${name} ${refusal?.message ?? 'well'}`),
  }).set(new Map(['one', 'two'].map((name) => [name, { from: name, to: `${name}0` }])))
  followers[0]?.refused?.(new CniError(Code.TryAgainLater, { msg: 'refused' }))
  followers[1]?.changed([], 1)
  followers[0]?.changed([], 1)
  assert.equal(told, ['one refused', 'two well', 'one well'])
})

test.after(() => rmSync(dataDir, { recursive: true }))
test.run()
