/** The units under systemd: `patchbay reapply` runs after each change of the firewall's service. */
// packages: systemd

import { readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { packagesOf } from '../harness/declared.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine } from './harness/machine-copy.ts'
import { placeProgram, placeUnit } from './harness/units.ts'

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
    placeUnit(machine, 'patchbay-reapply.service')
    write('/etc/systemd/system/nftables.service', nftables)
    placeProgram(machine, '/usr/sbin/patchbay', 'echo "patchbay $*" >> /var/calls')
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
