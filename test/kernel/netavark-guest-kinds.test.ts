/** netavark's calls for the kinds of interfaces that only a guest's kernel has. */
// needs: link vlan, link ipvlan, link ipvtap, link macsec, link bond, link team, link dummy, link vcan, link vxcan

import { privateHost, usableAtOnce } from '../harness/host.ts'
import { layCable, secrets, writeKeys } from '../harness/macsec.ts'
import { test } from '../harness/test.ts'
import { driverHost, testDriver } from './netavark-driver.ts'

await privateHost()
usableAtOnce()
driverHost()
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
