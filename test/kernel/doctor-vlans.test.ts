/** `patchbay doctor`: VLANs that lists need, on a NIC and on a bridge. */
// needs: link macvlan, link vlan, bridge vlan_filtering

import { writeFileSync } from 'node:fs'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { foundAndMended, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { hostEnd } from '../harness/look.ts'
import { bridgeNetwork, newNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
ownEtc('/etc/cni/net.d')
command('mount', '-t', 'tmpfs', 'tmpfs', '/opt')
command(`${executables()}/patchbay`, 'install', '--to', '/opt/cni/bin')
newContainer('switch')
ip('link add eth0 type veth peer name port netns switch')
ip('link set eth0 up')
ip('-n switch link set port up')

/** The only list of the host. */
function list(network: Network): void {
  writeFileSync('/etc/cni/net.d/10-net.conflist', JSON.stringify(network), { mode: 0o600 })
}

test('a VLAN of a NIC does not exist, and its name tells how it is made', async () => {
  await foundAndMended('parent-missing', () => list(newNetwork('macvlan', { master: 'eth0.7' })))
  ip('link delete eth0.7')
})

test('a VLAN passes by the bridge that its NIC is a port of', async () => {
  ip('link add br0 up type bridge')
  ip('link set eth0 master br0')
  list(newNetwork('vlan', { master: 'eth0', vlanId: 5 }))
  await silent()
})

test('the bridge of a list does not filter VLANs; a port gets its VLAN and its options back', async () => {
  const net = bridgeNetwork({ bridge: 'br0', vlan: 10, hairpinMode: true })
  list(net)
  await foundAndMended('vlan-filtering-off', () => {})
  const one = await attach(net)
  await foundAndMended('port-lost', () => ip(`link set ${hostEnd(one).ifname} nomaster`))
  await one.check()
  await one.del()
})

test.run()
