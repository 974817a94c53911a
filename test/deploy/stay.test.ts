/** `patchbay stay`: the main container of a DaemonSet ends at once when it is told to, as a first process, too. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { test } from '../harness/test.ts'

await ensureBuilt('quickjs')
const stay = [join(directoryOf('quickjs'), 'patchbay'), 'stay']

/** Starts a program and waits for its first line. */
async function started([file = '', ...args]: string[]): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout) await once(child.stdout, 'data')
  return child
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`${signal} ends it with status 0`, async () => {
    const child = await started(stay)
    child.kill(signal)
    assert.equal(await once(child, 'exit'), [0, null])
  })

test('SIGTERM ends it as the first process of a container, where signals without a handler are ignored', async () => {
  const child = await started(['unshare', '--pid', '--fork', '--kill-child', ...stay])
  const [first = ''] = childrenOf(child)
  process.kill(Number(first), 'SIGTERM')
  assert.equal(await once(child, 'exit'), [0, null])
})

function childrenOf({ pid }: ChildProcess): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
}

test.run()
