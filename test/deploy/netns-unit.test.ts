/** patchbay-netns@.service under systemd: a service begins with the interfaces of its namespace, and the stop leaves nothing. */
// packages: systemd, iproute2

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { packagesOf } from '../harness/declared.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine, type MachineCopy } from './harness/machine-copy.ts'
import { placeUnit } from './harness/units.ts'

await ensurePackages('the test', packagesOf([import.meta.filename]))
await ensureBuilt('quickjs')
let machine: MachineCopy

test.before(async () => {
  machine = await copyOfMachine()
  mkdirSync(machine.path('/var/trial'))
  for (const path of ['/var/lib/cni', '/etc/cni/net.d'])
    rmSync(machine.path(path), { recursive: true, force: true })
})
test.after(() => machine.end())

const network = (name: string, subnet: string) => ({
  cniVersion: '1.0.0',
  name,
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', ranges: [[{ subnet }]] } }],
})

const service = `[Unit]
DefaultDependencies=no
Requires=patchbay-netns@blue.service
After=patchbay-netns@blue.service
[Service]
NetworkNamespacePath=/run/netns/blue
ExecStart=/bin/sh -c 'ip -br -4 address > /var/trial/seen; exec sleep 1000'
`

const written = (name: string) => readFileSync(machine.path(`/var/trial/${name}`), 'utf8').trim()

test('a service that requires the unit has its interfaces; a stop of the unit ends both and leaves nothing', async () => {
  placeUnit(machine, 'patchbay-netns@.service')
  writeFileSync(machine.path('/etc/systemd/system/web.service'), service)
  mkdirSync(machine.path('/etc/patchbay/netns'), { recursive: true })
  writeFileSync(machine.path('/etc/patchbay/netns/blue.env'), 'NETWORKS=one two\n')
  mkdirSync(machine.path('/etc/cni/net.d'), { recursive: true })
  for (const net of [network('one', '10.9.1.0/24'), network('two', '10.9.2.0/24')])
    writeFileSync(machine.path(`/etc/cni/net.d/${net.name}.conflist`), JSON.stringify(net))
  cpSync(directoryOf('quickjs'), machine.path('/opt/cni/bin'), { recursive: true, verbatimSymlinks: true })
  const lines = [
    'cd /var/trial; ln -s /opt/cni/bin/patchbay /usr/local/sbin/patchbay',
    'systemctl start web.service; until grep -q eth1 seen; do sleep 0.02; done',
    'patchbay netns up blue one two > again',
    'systemctl stop patchbay-netns@blue.service',
    'systemctl is-active web.service > web; ls /run/netns > names; ls /var/lib/cni/results > cached',
    'ls /var/lib/cni/networks/* | grep ^10 > addresses; systemctl --failed --plain --no-legend > failed',
  ]
  writeFileSync(machine.path('/var/script'), lines.join('\n'))
  await machine.runUnderSystemd('/var/script')
  assert.match(written('seen'), /eth0\S* +UP +10\.9\.1\.2\/24[\s\S]*eth1\S* +UP +10\.9\.2\.2\/24/)
  assert.match(written('again'), /eth0 +one +there .*\neth1 +two +there /)
  assert.not.match(written('web'), /^active$/m)
  for (const name of ['names', 'cached', 'addresses', 'failed']) assert.is(written(name), '', name)
})

test.run()
