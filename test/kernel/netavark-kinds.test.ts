/** netavark's calls for the kinds of interfaces that this kernel has; netavark-guest-kinds.test.ts has the others. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { privateHost, usableAtOnce } from '../harness/host.ts'
import { createError, podmanNetwork } from '../harness/netavark.ts'
import { test } from '../harness/test.ts'
import { driverHost, testDriver } from './netavark-driver.ts'

await privateHost()
usableAtOnce()
driverHost()

testDriver({
  driver: 'patchbay-macvlan',
  parent: 'nic0',
  options: { mode: 'private' },
  kind: 'macvlan',
  data: { mode: 'private' },
})
testDriver({ driver: 'ptp', kind: 'veth' })
testDriver({
  driver: 'vxlan',
  parent: 'nic0',
  options: { vni: '77', remotes: '192.0.2.7,192.0.2.8' },
  kind: 'veth',
})
testDriver({ driver: 'tap', kind: 'tun' })
testDriver({ driver: 'macvtap', parent: 'nic0', kind: 'macvtap' })
testDriver({ driver: 'host-device', parent: 'nic1', kind: 'veth', lent: true })
testDriver({ driver: 'wire', parent: 'cable', kind: 'veth' })

test('an option that names the interface is refused: podman names it', () => {
  const named = podmanNetwork('patchbay-macvlan', { network_interface: 'nic0', options: { ifname: 'net9' } })
  assert.match(createError(named), /podman names the interface/)
})

test.run()
