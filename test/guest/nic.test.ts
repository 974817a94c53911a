/** Guests with their own NIC, hardware to their kernel: as one half of a net_failover set, and lent to containers. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'
import { runInGuest } from './boot.ts'

const directory = mkdtempSync(join(tmpdir(), 'patchbay-nic-'))

test.after(() => rmSync(directory, { recursive: true }))

const program = (name: string) => join(import.meta.dirname, name)

/** Runs a test program in a guest with a NIC. @returns its output */
async function withNic(role: string, name: string): Promise<string> {
  const socket = join(directory, role)
  const words = [program('virtio-nic.ts'), socket, role]
  const nic = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(nic.stdout, 'data')
    const { status, stdout, stderr } = await runInGuest([process.execPath, program(name)], { nic: socket })
    assert.is(status, 0, stdout + stderr)
    return stdout
  } finally {
    nic.kill('SIGKILL')
  }
}

test('with any interface of a net_failover set as the parent, containers sit on its master', async () => {
  assert.match(await withNic('standby', 'failover-set.ts'), 'Passed:    8')
})

test('a NIC that is lent to a container comes back as it was, also when the namespace was deleted before', async () => {
  assert.match(await withNic('plain', 'lent-nic.ts'), 'Passed:    11')
})

test.run()
