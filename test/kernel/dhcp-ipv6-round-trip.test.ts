/** dhcp with both families at once: the whole life of an attachment, with servers of DHCP and DHCPv6 and a router. */
// needs: link macvlan
// packages: dnsmasq-base
// unpacked: kea-dhcp6-server, radvd

import * as assert from 'uvu/assert'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { radvdOn } from '../harness/dhcp-radvd.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { type Netns, privateHost, setSysctl } from '../harness/host.ts'
import { addresses, inContainer, type Link, routes } from '../harness/look.ts'
import { testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
// The host's own NIC is no part of it: routers change its addresses.
setSysctl('net/ipv6/conf/eth0/disable_ipv6', 1)
const router = station(lan, 'router', '10.1.0.1/24', 'fd00:1::1/64')
const server4 = await dnsmasqOn(router, {
  ranges: ['10.1.0.100,10.1.0.199,2m'],
  options: { router: '10.1.0.1' },
})
const server6 = await keaOn(station(lan, 'home'), {
  subnet: 'fd00:1::/64',
  pool: 'fd00:1::100-fd00:1::1ff',
  times: [3600, 1800, 2880],
})
await radvdOn(router, { prefixes: ['fd00:1::/64'], managed: true })

function expect({ flags }: Link, container: Netns): void {
  assert.ok(flags.includes('UP'))
  const own = addresses('eth0', container).filter((text) => !text.startsWith('fe80:'))
  const kinds = own.map((text) =>
    text.replace(/^fd00:1::1..\/128$/, 'leased').replace(/^fd00:1::.*\/64$/, 'made'),
  )
  assert.equal(kinds.map((text) => text.replace(/^10\.1\.0\.1..\/24$/, 'four')).sort(), [
    'four',
    'leased',
    'made',
  ])
  const defaults = [...routes(4, container), ...routes(6, container)].filter((text) =>
    text.startsWith('default'),
  )
  assert.equal(defaults, ['default via 10.1.0.1', `default via ${router.linkLocal}`])
  assert.ok(pings(container, '10.1.0.1', 'fd00:1::1'))
}

/** The kernel makes the router's address anew with the next advertisement, unless it listens no more. */
function withoutPrefix(container: Netns): void {
  setSysctl('net/ipv6/conf/eth0/accept_ra', 0, container.name)
  for (const one of addresses('eth0', container).filter((text) => /^fd.*\/64$/.test(text)))
    inContainer(container, `address delete ${one} dev eth0`)
}

function withoutLease(container: Netns): void {
  for (const one of addresses('eth0', container).filter((text) => text.endsWith('/128')))
    inContainer(container, `address delete ${one} dev eth0`)
}

function withoutRouter(container: Netns): void {
  setSysctl('net/ipv6/conf/eth0/accept_ra', 0, container.name)
  inContainer(container, '-6 route delete default')
}

testRoundTrips('macvlan with dhcp, DHCPv6 and a router', {
  config: { type: 'macvlan', master: 'eth0', ipam: { type: 'dhcp', ipv6: 'both' } },
  expect,
  breaks: {
    ...usual('the interface is down', 'the interface is gone'),
    "the address of the router's prefix is missing": withoutPrefix,
    'the address of DHCPv6 is missing': withoutLease,
    'the default route of the router is missing': withoutRouter,
  },
})

test('the servers have every address back after all that, but those of interfaces that were down or gone', async () => {
  const given = (line: string) => /DHCPRELEASE/.test(line)
  await until('most is released', () => server4.log().filter(given).length >= 5)
  await until('all but two of Kea are released', () => server6.leases().length <= 2)
})

test.run()
