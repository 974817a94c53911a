/** The same as additions for kinds that only some kernels have. */
// needs: link bond, link dummy, link ipvlan, link ipvtap, link macsec, link team, link vlan

import { testAdditions } from '../harness/additions.ts'
import { hostNics } from '../harness/cables.ts'
import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add nic type veth')
ip('link set nic up')
hostNics()

const links = [{ name: 'eth1' }, { name: 'eth2' }]

testAdditions({
  ipvlan: { master: 'nic' },
  ipvtap: { master: 'nic' },
  vlan: { master: 'nic', vlanId: 5 },
  macsec: { master: 'nic' },
  dummy: {},
  bond: { links },
  team: { links },
})

test.run()
