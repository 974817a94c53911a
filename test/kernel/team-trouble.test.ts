/** team: failing calls, a kill, deleted namespaces, many containers at once. */
// needs: link team

import { cables, ownCables } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

testTrouble('team', {
  config: {
    type: 'team',
    mode: 'activebackup',
    linksInContainer: true,
    links: cables.map((name) => ({ name })),
    notifyPeersCount: 1,
  },
  subnets: ['10.181.0.0/24', 'fd00:181::/64'],
  prepare: ownCables,
  atOnce: 10,
})

test.run()
