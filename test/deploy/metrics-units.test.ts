/** The units of `patchbay metrics` under systemd: where node_exporter has its directory, the timer writes the file again and again. */
// packages: systemd, iproute2

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { packagesOf } from '../harness/declared.ts'
import { seriesIn } from '../harness/prometheus.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine } from './harness/machine-copy.ts'
import { placeUnit } from './harness/units.ts'

await ensurePackages('the test', packagesOf([import.meta.filename]))
await ensureBuilt('quickjs')

const config = {
  ...{ cniVersion: '1.0.0', name: 'trial', type: 'bridge', bridge: 'trial0', ipMasq: true },
  ipam: { type: 'host-local', subnet: '10.9.0.0/24' },
}

test('without the directory nothing runs; with it the file has what lives, and is written again', async () => {
  const machine = await copyOfMachine()
  try {
    for (const path of ['/var/lib/cni', '/etc/cni/net.d', '/var/lib/prometheus'])
      rmSync(machine.path(path), { recursive: true, force: true })
    for (const path of ['/var/trial', '/etc/cni/net.d']) mkdirSync(machine.path(path), { recursive: true })
    const soon = (text: string) => text.replace(/^(On\w+Sec)=.*/gm, '$1=100ms')
    placeUnit(machine, 'patchbay-metrics.timer', '[Timer]\nAccuracySec=1ms\n', soon)
    placeUnit(machine, 'patchbay-metrics.service', '[Unit]\nStartLimitIntervalSec=0\n')
    writeFileSync(machine.path('/var/trial/config'), JSON.stringify(config))
    writeFileSync(machine.path('/etc/cni/net.d/10-trial.conf'), JSON.stringify(config))
    cpSync(directoryOf('quickjs'), machine.path('/opt/cni/bin'), { recursive: true, verbatimSymlinks: true })
    writeFileSync(
      machine.path('/var/script'),
      `cd /var/trial; ln -s /opt/cni/bin/patchbay /usr/local/sbin/patchbay
systemctl start patchbay-metrics.timer; systemctl is-active patchbay-metrics.timer > without
ip netns add one
export CNI_COMMAND=ADD CNI_CONTAINERID=one CNI_NETNS=/run/netns/one CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin
/opt/cni/bin/bridge < config > /dev/null
directory=/var/lib/prometheus/node-exporter; mkdir -p $directory
systemctl start patchbay-metrics.timer
written() { until test -s $directory/patchbay.prom; do sleep 0.02; done; }
written; cp $directory/patchbay.prom first; rm $directory/patchbay.prom; written
systemctl --failed --plain --no-legend > failed
journalctl -u patchbay-metrics.service -o cat 2>&1 | grep 'left out' > left-out; true
`,
    )
    await machine.runUnderSystemd('/var/script')
    const written = (name: string) => readFileSync(machine.path(`/var/trial/${name}`), 'utf8')
    assert.is(written('without'), 'inactive\n')
    const series = seriesIn(written('first')).map(({ name, labels, value }) =>
      [name, labels.life ?? labels.feature, value].join(' '),
    )
    for (const expected of [
      'patchbay_attachments lives 1',
      'patchbay_firewall_elements masquerade 2',
      'patchbay_metrics_left_out  0',
    ])
      assert.ok(series.includes(expected), `${expected}: ${series.join('\n')}\n${written('left-out')}`)
    assert.is(written('failed'), '')
  } finally {
    machine.end()
  }
})

test.run()
