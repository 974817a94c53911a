/** The units under systemd: `patchbay reapply` runs after each change of the firewall's service. */
// packages: systemd

import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { packagesOf } from '../harness/declared.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine } from './harness/machine-copy.ts'

const units = join(import.meta.dirname, '../../deploy/systemd')
const place = '/etc/systemd/system'

/** In the place of the firewall's own service. Each line that it runs says what it does. */
const nftables = `[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo nftables starts >> /var/calls'
ExecReload=/bin/sh -c 'echo nftables reloads >> /var/calls'
ExecStop=/bin/sh -c 'echo nftables stops >> /var/calls'
`

await ensurePackages('the test', packagesOf([import.meta.filename]))

test('reapply runs once after each start, reload and restart of nftables, and not after its stop', async () => {
  const machine = await copyOfMachine()
  const write = (path: string, text: string) => writeFileSync(machine.path(path), text)
  try {
    cpSync(join(units, 'patchbay-reapply.service'), machine.path(`${place}/patchbay-reapply.service`))
    mkdirSync(machine.path(`${place}/patchbay-reapply.service.d`))
    // Else it waits for a whole boot.
    write(`${place}/patchbay-reapply.service.d/alone.conf`, '[Unit]\nDefaultDependencies=no\n')
    write(`${place}/nftables.service`, nftables)
    write('/usr/sbin/patchbay', '#!/bin/sh\necho "patchbay $*" >> /var/calls\n')
    chmodSync(machine.path('/usr/sbin/patchbay'), 0o755)
    await machine.run('systemctl enable patchbay-reapply.service')
    const verbs = ['start', 'reload', 'restart', 'stop', 'start']
    // The second command waits until all that the first one has asked for is done.
    const lines = verbs.map((verb) => `echo + ${verb} >> /var/calls; systemctl ${verb} nftables; ${idle}`)
    write('/var/trial', `${lines.join('\n')}\n`)
    await machine.runUnderSystemd('/var/trial')
    assert.equal(readFileSync(machine.path('/var/calls'), 'utf8').trim().split('\n'), expected)
  } finally {
    machine.end()
  }
})

/** trial.service itself is a job until it ends. */
const idle = `while systemctl list-jobs --no-legend | grep -q patchbay; do sleep 0.02; done`

const expected = `+ start
nftables starts
patchbay reapply
+ reload
nftables reloads
patchbay reapply
+ restart
nftables stops
nftables starts
patchbay reapply
+ stop
nftables stops
+ start
nftables starts
patchbay reapply`.split('\n')

test.run()
