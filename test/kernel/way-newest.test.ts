/** Back to the reference in its newest version and here again: each suite checks, collects and deletes what the other has attached. */
// needs: nft ip, nft bridge, link ifb, qdisc tbf, iptables
// newest: containernetworking-plugins

import { hostNics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testWays } from '../harness/way.ts'
import { ways } from './ways.ts'

await privateHost()
hostNics()

for (const [name, way] of Object.entries(ways)) testWays(name, way, 'newest', ['quickjs'])

test.run()
