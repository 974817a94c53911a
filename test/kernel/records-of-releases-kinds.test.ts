/** The same as records-of-releases.test.ts, for what needs kinds of links that not every kernel has. */
// needs: link ipvlan, link vlan

import { hostNics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import type { Way } from '../harness/way.ts'
import { testRecords } from './frozen-records.ts'

await privateHost()
hostNics()

const subnets = ['10.9.0.0/24', 'fd09::/64']

const ways: Record<string, Way> = {
  ipvlan: { plugins: [{ type: 'ipvlan', master: 'eth1' }], subnets },
  'vlan-stacked': {
    plugins: [{ type: 'vlan', master: 'eth1', tags: [7, 8] }],
    subnets,
  },
}

for (const [name, way] of Object.entries(ways)) testRecords(name, way)

test.run()
