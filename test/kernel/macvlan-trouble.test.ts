/** macvlan: failing calls, a kill, deleted namespaces; with and without another container on the parent. */
// needs: full speed, link macvlan

import { farHost, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testFailures, testTrouble } from '../harness/trouble.ts'

await privateHost()
farHost()

/** A macvlan network on the NIC. */
function macvlan(keys: Record<string, unknown>) {
  const config = { type: 'macvlan', master: 'uplink', ...keys }
  return { config, subnets: ['198.51.100.0/24', '2001:db8:51::/64'] }
}

const hostAccess = macvlan({ hostAccess: true })

testTrouble('macvlan', macvlan({ mode: 'private', mtu: 1400 }))
testTrouble('macvlan with hostAccess', { ...hostAccess, atOnce: 1 })
testFailures('macvlan with hostAccess, beside another container', { ...hostAccess, beside: {} })
testFailures('passthru with a MAC address', macvlan({ mode: 'passthru', mac: '02:00:5e:10:00:07' }))

test.run()
