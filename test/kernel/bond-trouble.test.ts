/** bond in trouble: calls that fail, a kill, namespaces that are gone, many at once; of the container's interfaces, and of the host's NICs. */
// needs: link bond

import { test } from 'uvu'
import { cables, hostNics, isOfNics, nics, ownCables } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const common = { subnets: ['10.143.0.0/24', 'fd00:143::/64'], expect: () => {}, breaks: {} }

testTrouble('bond', {
  ...common,
  config: {
    type: 'bond',
    linksInContainer: true,
    links: [{ name: cables[0] }, { name: cables[1], queueId: 2, priority: -5 }],
  },
  prepare: ownCables,
  atOnce: 10,
})

testTrouble('bond of NICs', {
  ...common,
  config: { type: 'bond', primary: 'eth2', links: nics.map((name) => ({ name })) },
  ifname: 'eth1',
  prepare: hostNics,
  atOnce: 1,
  goesWithNamespace: isOfNics,
})

test.run()
