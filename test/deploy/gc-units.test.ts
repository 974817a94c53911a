/** The units of `patchbay gc` under systemd: the timer runs it again and again, and a run collects as it does by hand. */
// packages: systemd, iproute2

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { packagesOf } from '../harness/declared.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine, type MachineCopy } from './harness/machine-copy.ts'
import { placeProgram, placeUnit } from './harness/units.ts'

await ensurePackages('the test', packagesOf([import.meta.filename]))
await ensureBuilt('quickjs')
let machine: MachineCopy

test.before.each(async () => {
  machine = await copyOfMachine()
  mkdirSync(machine.path('/var/trial'))
  for (const path of ['/var/lib/cni', '/etc/cni/net.d', '/etc/containers/networks'])
    rmSync(machine.path(path), { recursive: true, force: true })
})
test.after.each(() => machine.end())

/** Runs shell lines beside systemd. What they write to /var/trial is there afterwards. */
async function runUnderSystemd(...lines: string[]): Promise<void> {
  writeFileSync(machine.path('/var/script'), `cd /var/trial\n${lines.join('\n')}\n`)
  await machine.runUnderSystemd('/var/script')
}

const written = (name: string) => readFileSync(machine.path(`/var/trial/${name}`), 'utf8').trim()
const failed = 'systemctl --failed --plain --no-legend'

/** Kinds of namespaces by which a setting could hide something. */
const kinds = 'cgroup ipc mnt net pid time user uts'

test('the timer runs gc again after each run, also after a failed one, which systemctl --failed shows', async () => {
  const soon = (text: string) => text.replace(/^(On\w+Sec)=.*/gm, '$1=100ms')
  placeUnit(machine, 'patchbay-gc.timer', '[Timer]\nRandomizedDelaySec=0\nAccuracySec=1ms\n', soon)
  // More runs in ten seconds than systemd lets a unit have.
  placeUnit(machine, 'patchbay-gc.service', '[Unit]\nStartLimitIntervalSec=0\n')
  placeProgram(
    machine,
    '/usr/sbin/patchbay',
    `echo "patchbay $*" >> /var/trial/calls
for kind in ${kinds}; do readlink /proc/$$/ns/$kind; done > /var/trial/seen.new; mv /var/trial/seen.new /var/trial/seen
test ! -e /var/trial/broken`,
  )
  await runUnderSystemd(
    `for kind in ${kinds}; do readlink /proc/1/ns/$kind; done > own`,
    'more() { goal=$(($(grep -c . calls) + 2)); until test "$(grep -c . calls)" -ge $goal; do sleep 0.02; done; }',
    'systemctl start patchbay-gc.timer; more',
    `touch broken; until ${failed} | tee failed | grep -q .; do sleep 0.02; done; more`,
    'rm broken; more',
    `${failed} > mended`,
  )
  assert.equal(new Set(written('calls').split('\n')), new Set(['patchbay gc']))
  assert.match(written('failed'), /^patchbay-gc\.service +loaded +failed/)
  assert.is(written('mended'), '')
  assert.is(written('seen'), written('own'), 'it is in the namespaces of the host')
})

const list = {
  cniVersion: '1.0.0',
  name: 'trial',
  plugins: [
    { type: 'bridge', bridge: 'trial0', ipam: { type: 'host-local', ranges: [[{ subnet: '10.9.0.0/24' }]] } },
  ],
}

const add = (name: string) => `ip netns add ${name}
CNI_COMMAND=ADD CNI_CONTAINERID=${name} CNI_NETNS=/run/netns/${name} CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin \\
/opt/cni/bin/bridge < /var/trial/bridge`

/** The kernel deletes the host's end a moment later, and until then the container counts as live. */
const end = (name: string) => `ip netns delete ${name}
while ip link show master trial0 | grep -q '/${name}/eth0'; do sleep 0.02; done`

test('a run of the service deletes what an ended container has left, and keeps a live one', async () => {
  placeUnit(machine, 'patchbay-gc.service', '[Service]\nStandardOutput=append:/var/trial/said\n')
  const { plugins, ...network } = list
  writeFileSync(machine.path('/var/trial/bridge'), JSON.stringify({ ...network, ...plugins[0] }))
  mkdirSync(machine.path('/etc/cni/net.d'), { recursive: true })
  writeFileSync(machine.path('/etc/cni/net.d/10-trial.conflist'), JSON.stringify(list))
  cpSync(directoryOf('quickjs'), machine.path('/opt/cni/bin'), { recursive: true, verbatimSymlinks: true })
  const addresses = 'ls /var/lib/cni/networks/trial | grep ^10'
  await runUnderSystemd(
    'ln -s /opt/cni/bin/patchbay /usr/local/sbin/patchbay',
    ...[add('live'), add('ended'), `${addresses} > before`, end('ended')],
    ...['systemctl start patchbay-gc.service', `${addresses} > after; ${failed} > failed`],
    ...[end('live'), 'rm /etc/cni/net.d/*', 'systemctl start patchbay-gc.service'],
    `${failed} > failed-later`,
  )
  assert.is(written('before'), '10.9.0.2\n10.9.0.3')
  assert.is(written('after'), '10.9.0.2')
  assert.match(written('said'), /^trial\/ended\/eth0: deleted, .*\nattachments: 1 live, 1 deleted$/m)
  assert.is(written('failed'), '')
  assert.match(written('failed-later'), /^patchbay-gc\.service +loaded +failed/)
})

test.run()
