/** dhcp with IPv6 on ipvlan, whose children have the MAC address of their parent: what distinguishes them is the kernel's number of each. */
// needs: link ipvlan
// unpacked: kea-dhcp6-server, radvd

import * as assert from 'uvu/assert'
import { attachTwo } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { radvdOn } from '../harness/dhcp-radvd.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost, setSysctl } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
setSysctl('net/ipv6/conf/eth0/disable_ipv6', 1)
const router = station(lan, 'router', 'fd00:1::1/64')
await radvdOn(router, { prefixes: ['fd00:1::/64'] })
const server = await keaOn(router, {
  subnet: 'fd00:1::/64',
  pool: 'fd00:1::100-fd00:1::10f',
  times: [60, 30, 45],
})

test('two containers have an address of the prefix and one of the server each, which go back', async () => {
  const ipam = { type: 'dhcp', ipv4: false, ipv6: 'both' }
  const { one, other, end } = await attachTwo(network('lan', { type: 'ipvlan', master: 'eth0', ipam }))
  const own = [...one.addresses, ...other.addresses]
  assert.is(new Set(own).size, 4, own.join())
  for (const container of [one, other]) assert.ok(pings(container, 'fd00:1::1'))
  assert.is(server.leases().length, 2)
  await end()
  await until('the server has its addresses back', () => server.leases().length === 0)
})

test.run()
