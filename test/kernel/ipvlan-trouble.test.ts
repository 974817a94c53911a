/** ipvlan: failing calls, a kill, deleted namespaces. */
// needs: link ipvlan

import { farHost, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
farHost()

for (const keys of [{ mode: 'l2' }, { mode: 'l3', hostAccess: true }])
  testTrouble(`ipvlan ${JSON.stringify(keys)}`, {
    config: { type: 'ipvlan', master: 'uplink', ...keys },
    subnets: ['10.74.0.0/24', 'fd74::/64'],
    atOnce: 1,
  })

test.run()
