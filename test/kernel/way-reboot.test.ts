/** What the reference or we had attached before a reboot: the other suite frees it afterwards, and the network works again. */
// needs: nft ip, nft bridge, link ifb, qdisc tbf, iptables
// packages: containernetworking-plugins
// newest: containernetworking-plugins

import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testReboots } from '../harness/way-reboot.ts'
import { ways } from './ways.ts'

await privateHost()

// Of loopback nothing is on the host.
for (const [name, way] of Object.entries(ways)) if (name !== 'loopback') testReboots(name, way)

test.run()
