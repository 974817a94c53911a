/** bond: failing calls, a kill, deleted namespaces, many containers at once. */
// needs: link bond

import { cables, ownCables } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

testTrouble('bond', {
  config: {
    type: 'bond',
    linksInContainer: true,
    links: [{ name: cables[0] }, { name: cables[1], queueId: 2, priority: -5 }],
  },
  subnets: ['10.143.0.0/24', 'fd00:143::/64'],
  prepare: ownCables,
  atOnce: 10,
})

test.run()
