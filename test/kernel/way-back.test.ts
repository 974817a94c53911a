/** Back to the reference and here again: each suite checks, collects and deletes what the other has attached. */
// needs: nft ip, nft bridge, link ifb, qdisc tbf, iptables
// packages: containernetworking-plugins

import { engineOfRow } from '../harness/by-node.ts'
import { hostNics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testWays } from '../harness/way.ts'
import { ways } from './ways.ts'

await privateHost()
hostNics()

for (const [name, way] of Object.entries(ways)) {
  const last = way.plugins.at(-1)?.type ?? ''
  testWays(name, way, 'installed', [...new Set(['quickjs', engineOfRow(last)] as const)])
}

test.run()
