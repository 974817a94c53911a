/** The unit of `patchbay agent` under systemd: it is ready, allowed what it needs, begins again when it is killed, and ends at once. */
// packages: systemd, curl

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { packagesOf } from '../harness/declared.ts'
import { seriesIn } from '../harness/prometheus.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine } from './harness/machine-copy.ts'
import { placeUnit, stopping, stopsWithinASecond } from './harness/units.ts'

await ensurePackages('the test', packagesOf([import.meta.filename]))
await ensureBuilt('quickjs')
await ensureBuilt('node')

const network = {
  ...{ cniVersion: '1.0.0', name: 'trial', type: 'bridge', ipam: { type: 'pool', pool: 'blue' } },
}
const store = { endpoints: ['http://127.0.0.1:1'] }

/** It waits for no network, its log is a file, and a busy machine may take its time to stop it. */
const settings =
  '[Unit]\nWants=\nAfter=\n[Service]\nRestartSec=100ms\nTimeoutStopSec=5min\nStandardError=append:/var/trial/journal\n'

/** An unprivileged machine makes no device nodes: these two settings have /dev made. */
const withoutDevices = (text: string) => text.replace(/^(PrivateDevices|ProtectClock)=.*/gm, '')

const script = `cd /var/trial
ln -s /opt/cni/bin/patchbay /usr/local/sbin/patchbay
pid() { systemctl show --value --property MainPID patchbay-agent; }
page() { curl --silent --unix-socket /run/patchbay/agent.sock http://agent/$1; }
systemctl start patchbay-agent || { systemctl show --property Result,ExecMainStatus,ExecMainCode patchbay-agent >> journal; exit; }
systemctl is-active patchbay-agent > active
pid > first; tr '\\0' ' ' < /proc/$(pid)/cmdline > cmdline
page metrics > metrics; page healthz > healthz; page readyz > readyz
grep CapBnd /proc/$(pid)/status > capabilities
kill -KILL $(pid)
until page healthz > again && test "$(pid)" != "$(cat first)"; do sleep 0.05; done
systemctl reload patchbay-agent
${stopping('patchbay-agent')}
systemctl show --value --property Result,ExecMainStatus patchbay-agent > result
`

test('it is ready while etcd is away, serves metrics with few rights, begins again when killed, and ends within a second', async () => {
  const machine = await copyOfMachine()
  try {
    for (const path of ['/var/trial', '/etc/cni/net.d', '/etc/patchbay', '/opt/cni/bin'])
      mkdirSync(machine.path(path), { recursive: true })
    placeUnit(machine, 'patchbay-agent.service', settings, withoutDevices)
    writeFileSync(machine.path('/etc/cni/net.d/10-trial.conf'), JSON.stringify(network))
    writeFileSync(machine.path('/etc/patchbay/store.json'), JSON.stringify(store))
    cpSync(`${directoryOf('quickjs')}/patchbay`, machine.path('/opt/cni/bin/patchbay'))
    cpSync(`${directoryOf('node')}/patchbay`, machine.path('/opt/cni/bin/patchbay-agent'))
    writeFileSync(machine.path('/var/script'), script)
    await machine.runUnderSystemd('/var/script')
    const written = (name: string) => readFileSync(machine.path(`/var/trial/${name}`), 'utf8').trim()
    const journal = written('journal')
    assert.is(written('active'), 'active', journal)
    assert.match(written('cmdline'), /patchbay-agent agent/)
    const series = seriesIn(`${written('metrics')}\n`)
    const numberOf = (name: string) => series.find((one) => one.name === name)?.value
    assert.is(numberOf('patchbay_agent_networks'), 1)
    assert.is(numberOf('patchbay_store_up'), 0)
    assert.is(written('healthz'), 'ok')
    assert.match(written('readyz'), /127\.0\.0\.1:1/)
    assert.is(written('capabilities').split(/\s+/)[1], '000000000000300a')
    assert.is(written('again'), 'ok')
    stopsWithinASecond(written)
    assert.match(written('result'), /success/, journal)
  } finally {
    machine.end()
  }
})

test.run()
