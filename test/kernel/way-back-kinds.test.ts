/** The same as way-back.test.ts, for what needs kinds of links that not every kernel has. */
// needs: link dummy, link ipvlan, link vlan, link vrf, bridge vlan_filtering
// packages: containernetworking-plugins
// newest: containernetworking-plugins

import { hostNics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testWays, type Way } from '../harness/way.ts'
import { testReboots } from '../harness/way-reboot.ts'

await privateHost()
hostNics()

const subnets = ['10.9.0.0/24', 'fd09::/64']

const ways: Record<string, Way> = {
  'bridge with vlan': { plugins: [{ type: 'bridge', bridge: 'br0', vlan: 5 }], subnets },
  ipvlan: {
    plugins: [{ type: 'ipvlan', master: 'eth1' }],
    subnets,
    leaves: /^\+ (file|link) \/run\/patchbay\/ipvlan/,
  },
  dummy: { plugins: [{ type: 'dummy' }], subnets, isNew: true },
  vlan: { plugins: [{ type: 'vlan', master: 'eth1', vlanId: 7 }], subnets },
  vrf: {
    plugins: [
      { type: 'bridge', bridge: 'br1' },
      { type: 'vrf', vrfname: 'blue' },
    ],
    subnets,
    // Which VRFs the reference has made is not to be seen.
    remains: /\bblue\b/,
    // It looks for the routes in table main.
    unchecked: /Failed to find/i,
  },
}

for (const [name, way] of Object.entries(ways)) {
  testWays(name, way, 'installed', ['quickjs'])
  testWays(name, way, 'newest', ['quickjs'])
}
for (const [name, way] of Object.entries(ways)) testReboots(name, way)

test.run()
