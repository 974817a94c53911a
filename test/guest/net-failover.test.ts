/** net_failover: a guest with a NIC that is one half of such a set, in which failover-set.ts looks what plugins make of it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runInGuest } from './boot.ts'

const directory = mkdtempSync(join(tmpdir(), 'patchbay-nic-'))
const socket = join(directory, 'nic')
const program = (name: string) => join(import.meta.dirname, name)

test.after(() => rmSync(directory, { recursive: true }))

test('whichever interface of a net_failover set is the parent, containers sit on its master', async () => {
  const nic = spawn(process.execPath, [program('standby.ts'), socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(nic.stdout, 'data')
    const inside = [process.execPath, program('failover-set.ts')]
    const { status, stdout, stderr } = await runInGuest(inside, { nic: socket, timeout: 300 })
    assert.is(status, 0, stdout + stderr)
    assert.match(stdout, 'Passed:    8')
  } finally {
    nic.kill('SIGKILL')
  }
})

test.run()
