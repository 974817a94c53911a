/** The service patchbay-firewalld: it restores the rules after each reload of firewalld. */
// packages: dbus-daemon, dbus-bin

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { startBus } from '../harness/firewalld.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const unit = join(import.meta.dirname, '../../deploy/systemd/patchbay-firewalld.service')
const calls = join(scratch, 'calls')
const countOfCalls = () => (existsSync(calls) ? readFileSync(calls, 'utf8').split('\n').length - 1 : 0)

/** The shell line that the service runs. */
function lineOf(text: string): string {
  const [, line] = /^ExecStart=\/bin\/sh -c '([^']+)'$/m.exec(text) ?? []
  if (line === undefined) throw new Error('no shell line in the unit')
  return line
}

function signal(name: string): void {
  command(
    'dbus-send',
    '--system',
    '--type=signal',
    '/org/fedoraproject/FirewallD1',
    `org.fedoraproject.FirewallD1.${name}`,
  )
}

test('the service runs reapply when it begins, and after a reload of firewalld', async () => {
  writeFileSync(join(scratch, 'patchbay'), `#!/bin/sh\necho "$*" >> ${calls}\n`)
  chmodSync(join(scratch, 'patchbay'), 0o755)
  const bus = await startBus()
  const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}` }
  const service = spawn('sh', ['-c', lineOf(readFileSync(unit, 'utf8'))], { env, stdio: 'ignore' })
  try {
    await until('it has called reapply', () => countOfCalls() > 0)
    const before = countOfCalls()
    // The first signals may come before it listens.
    await until('a reload is noticed', () => {
      signal('Reloaded')
      return countOfCalls() > before
    })
    assert.equal(new Set(readFileSync(calls, 'utf8').trim().split('\n')), new Set(['reapply']))
  } finally {
    await bus.stop()
    service.kill()
  }
})

test.run()
