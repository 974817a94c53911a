/** `patchbay doctor`: what lists need of the host's links is missing, down or taken, and the printed commands mend it. */
// needs: link macvlan

import { readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Network } from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { findings, foundAndMended, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { newNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
const lists = '/etc/cni/net.d'
ownEtc(lists)
command('mount', '-t', 'tmpfs', 'tmpfs', '/opt')
command(`${executables()}/patchbay`, 'install', '--to', '/opt/cni/bin')

/** A NIC of the host with a switch at its other end. */
newContainer('switch')
ip('link add eth0 type veth peer name port netns switch')
ip('link set eth0 up')
ip('-n switch link set port up')

const file = `${lists}/10-net.conflist`

/** The only list of the host. */
function list(network: Network): void {
  writeFileSync(file, JSON.stringify(network, null, 2), { mode: 0o600 })
}

const macvlan = (master: string) => newNetwork('macvlan', { master })

test('a NIC that is there, up and connected is no fault', async () => {
  list(macvlan('eth0'))
  await silent()
  await silent('--before')
})

test('the NIC of a list is down', async () => {
  await foundAndMended('parent-down', () => ip('link set eth0 down'))
})

test('the NIC of a list has no carrier, as its peer on this host is down', async () => {
  ip('link add eth1 type veth peer name eth2')
  ip('link set eth1 up')
  list(macvlan('eth1'))
  await foundAndMended('parent-carrier', () => {})
  ip('-n switch link set port down')
  list(macvlan('eth0'))
  assert.equal(
    findings('--before').map(({ fault, mend }) => ({ fault, mend })),
    [{ fault: 'parent-carrier', mend: [] }],
  )
  ip('-n switch link set port up')
  ip('link delete eth1')
})

test('the NIC of a list does not exist: the list gets that of the default route', async () => {
  ip('address add 192.0.2.2/24 dev eth0')
  ip('route add default via 192.0.2.1')
  await foundAndMended('parent-missing', () => list(macvlan('en/&".*0')))
  assert.is(JSON.parse(readFileSync(file, 'utf8')).plugins[0].master, 'eth0')
})

test('the NIC of a list is a port of a bridge: the list gets the bridge', async () => {
  list(macvlan('eth0'))
  await foundAndMended('parent-taken', () => {
    ip('link add br0 up type bridge')
    ip('link set eth0 master br0')
  })
  assert.is(JSON.parse(readFileSync(file, 'utf8')).plugins[0].master, 'br0')
})

test.run()
