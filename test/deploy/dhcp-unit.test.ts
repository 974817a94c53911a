/** The unit of `patchbay dhcp` under systemd: it is ready, may do what it needs and no more, begins again when it is killed, and ends at once. */
// packages: systemd, iproute2

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensurePackages } from '../../scripts/setup.ts'
import { attachmentHash } from '../../shared/cni/identity.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { packagesOf } from '../harness/declared.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine } from './harness/machine-copy.ts'
import { placeUnit, stopping, stopsWithinASecond } from './harness/units.ts'

await ensurePackages('the test', packagesOf([import.meta.filename]))
await ensureBuilt('quickjs')

/** Its log is a file, and a busy machine may take its time to stop it. */
const settings = '[Service]\nRestartSec=100ms\nTimeoutStopSec=5min\nStandardError=append:/var/trial/journal\n'

/** An unprivileged machine makes no device nodes: these two settings have /dev made. */
const withoutDevices = (text: string) => text.replace(/^(PrivateDevices|ProtectClock)=.*/gm, '')

const key = attachmentHash({ network: 'trial', containerID: 'one', ifname: 'eth0' })

/** A lease that has ended, in a namespace that is made while the service runs: its address goes, and servers are asked, who are not there. */
const script = `cd /var/trial
mount --make-rshared / # as systemd does at boot
ln -s /opt/cni/bin/patchbay /usr/local/sbin/patchbay
pid() { systemctl show --value --property MainPID patchbay-dhcp; }
systemctl start patchbay-dhcp || { systemctl show --property Result,ExecMainStatus,ExecMainCode patchbay-dhcp >> journal; exit; }
systemctl is-active patchbay-dhcp > active
grep CapBnd /proc/$(pid)/status > capabilities
ip netns add one; ip -n one link add eth0 type veth peer name eth1
ip -n one link set eth1 up; ip -n one link set eth0 up; ip -n one address add 10.9.0.9/24 dev eth0
index=$(ip -n one -o link show eth0 | cut -d: -f1)
mac=$(ip -n one -o link show eth0 | sed 's/.*ether \\([^ ]*\\) .*/\\1/')
set -- $(stat -L -c '%Hd:%Ld/%i' /run/netns/one)
sed "s#NAMESPACE#$1#; s#BOOT#$(cat /proc/sys/kernel/random/boot_id)#; s#INDEX#$index#; s#MAC#$mac#" entry > /run/patchbay/dhcp/${key}.new
mv /run/patchbay/dhcp/${key}.new /run/patchbay/dhcp/${key}.json
until test -z "$(ip -n one -4 -o address show dev eth0)" && grep -q acquire journal; do sleep 0.05; done
first=$(pid); kill -KILL $first
until test "$(pid)" != "$first" && test "$(systemctl is-active patchbay-dhcp)" = active; do sleep 0.05; done
systemctl reload patchbay-dhcp
${stopping('patchbay-dhcp')}
systemctl show --value --property Result,ExecMainStatus patchbay-dhcp > result
ls /run/patchbay/dhcp > kept
`

const result = { ips: [{ address: '10.9.0.9/24' }], routes: [], dns: {} }
const client = { broadcast: false, request: [], provide: [], duid: '', iaid: 1 }
const entry = JSON.stringify({
  ...{
    network: 'trial',
    containerID: 'one',
    ifname: 'eth0',
    netns: '/run/netns/one',
    namespace: 'NAMESPACE',
  },
  ...{ boot: 'BOOT', ifindex: 'INDEX', mac: 'MAC', client, rapidCommit: false, given: result, now: result },
  lease4: {
    since: 0,
    renew: 0,
    rebind: 0,
    expire: 0,
    address: '10.9.0.9/24',
    server: '10.9.0.1',
    routes: [],
    dns: {},
  },
}).replace('"INDEX"', 'INDEX')

test('it renews leases with few rights, begins again when killed, and ends within a second', async () => {
  const machine = await copyOfMachine()
  try {
    for (const path of ['/var/trial', '/opt/cni/bin']) mkdirSync(machine.path(path), { recursive: true })
    placeUnit(machine, 'patchbay-dhcp.service', settings, withoutDevices)
    cpSync(`${directoryOf('quickjs')}/patchbay`, machine.path('/opt/cni/bin/patchbay'))
    writeFileSync(machine.path('/var/trial/entry'), entry)
    writeFileSync(machine.path('/var/script'), script)
    await machine.runUnderSystemd('/var/script')
    const written = (name: string) => readFileSync(machine.path(`/var/trial/${name}`), 'utf8').trim()
    const journal = written('journal')
    assert.is(written('active'), 'active', journal)
    assert.is(written('capabilities').split(/\s+/)[1], '0000000000283402')
    assert.match(journal, 'address of eth0 of one in trial changed from 10.9.0.9/24 to none')
    stopsWithinASecond(written)
    assert.match(written('result'), /success/, journal)
    assert.is(written('kept'), `${key}.json`)
  } finally {
    machine.end()
  }
})

test.run()
