/** bond of the host's NICs: failing calls, a kill, deleted namespaces. The host has its NICs afterwards. */
// needs: link bond

import { hostNics, isOfNics, nics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

testTrouble('bond of NICs', {
  config: { type: 'bond', primary: 'eth2', links: nics.map((name) => ({ name })) },
  ifname: 'eth1',
  subnets: ['10.144.0.0/24', 'fd00:144::/64'],
  prepare: hostNics,
  atOnce: 1,
  goesWithNamespace: isOfNics,
})

test.run()
