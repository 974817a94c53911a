/** Keys that flannel, Multus and runtimes add to any delegate. */
// needs: link macvlan, link macvtap, link vxlan

import { testAdditions } from '../harness/additions.ts'
import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add nic type veth')
ip('link set nic up')

// macvtap has a use for deviceID.
testAdditions(
  {
    bridge: {},
    ptp: {},
    macvlan: { master: 'nic' },
    macvtap: { master: 'nic' },
    vxlan: { vni: 5, remotes: [] },
    tap: {},
    wire: {},
  },
  ['macvtap'],
)

test.run()
