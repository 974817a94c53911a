/** netavark's calls for the kinds of interfaces that only a guest's kernel has. */
// needs: link vlan, link ipvlan, link bond, link dummy, link vcan

import { ip } from '../harness/command.ts'
import { privateHost, setSysctl, usableAtOnce } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testDriver } from './netavark-driver.ts'

await privateHost()
usableAtOnce()
// As the first container of a routed network leaves it.
for (const name of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) setSysctl(name, 1)
for (const nic of ['nic0', 'nic1']) {
  ip(`link add ${nic} type veth peer name far${nic}`)
  for (const end of [nic, `far${nic}`]) ip(`link set ${end} up`)
}

testDriver({ driver: 'vlan', parent: 'nic0', options: { vlanId: '100', gvrp: 'true' }, kind: 'vlan' })
testDriver({ driver: 'patchbay-ipvlan', parent: 'nic0', options: { mode: 'l3' }, kind: 'ipvlan' })
testDriver({ driver: 'bond', options: { links: 'nic1', mode: 'active-backup' }, kind: 'bond', lent: true })
testDriver({ driver: 'dummy', kind: 'dummy' })
testDriver({ driver: 'vcan', kind: 'vcan', withoutAddresses: true })

test.run()
