/** netavark's calls for the kinds of interfaces that only a guest's kernel has. */
// needs: link vlan, link ipvlan, link ipvtap, link macsec, link bond, link team, link dummy, link vcan, link vxcan

import { ip } from '../harness/command.ts'
import { privateHost, setSysctl, usableAtOnce } from '../harness/host.ts'
import { layCable, secrets, writeKeys } from '../harness/macsec.ts'
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
layCable('mac0', 'mac1')
writeKeys()

testDriver({
  driver: 'vlan',
  parent: 'nic0',
  options: { vlanId: '100', protocol: '802.1ad' },
  kind: 'vlan',
  data: { id: 100, protocol: '802.1ad' },
})
testDriver({ driver: 'patchbay-ipvlan', parent: 'nic0', options: { mode: 'l3' }, kind: 'ipvlan' })
testDriver({ driver: 'bond', options: { links: 'nic1', mode: 'active-backup' }, kind: 'bond', lent: true })
testDriver({ driver: 'team', options: { links: 'nic1', mode: 'activebackup' }, kind: 'team', lent: true })
testDriver({ driver: 'ipvtap', parent: 'nic0', kind: 'ipvtap' })
testDriver({
  driver: 'macsec',
  parent: 'mac0',
  options: { keyFile: secrets, key: 'a', peers: '[{"mac": "02:00:00:00:00:0b", "key": "b"}]' },
  kind: 'macsec',
})
testDriver({ driver: 'dummy', kind: 'dummy' })
testDriver({ driver: 'vcan', kind: 'vcan', withoutAddresses: true })
testDriver({ driver: 'vxcan', parent: 'can7', kind: 'vxcan', withoutAddresses: true })

test.run()
