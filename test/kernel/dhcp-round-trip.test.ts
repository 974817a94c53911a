/** Round trips of networks whose addresses a real DHCP server gives: macvlan, and a bridge with an uplink. */
// needs: link macvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { addresses, inContainer, type Link, routes } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

/** A segment with a server and a router, and how many leases the server has. */
async function served(nic: string, net: string) {
  const at = station(segment(nic), `server-${nic}`, `${net}.1/24`)
  return dnsmasqOn(at, {
    ranges: [`${net}.100,${net}.199,2m`],
    options: { router: `${net}.1`, 26: '1400', 121: `10.99.0.0/16,${net}.1,0.0.0.0/0,${net}.1` },
  })
}

const servers = { macvlan: await served('eth0', '10.1.0'), bridge: await served('eth1', '10.2.0') }

/** A network of a type; its interface has what the server gives, and the router answers. */
function leased(config: Kind['config'], net: string): Kind {
  return {
    config: { ...config, ipam: { type: 'dhcp' } },
    expect: (link, container) => expect(link, container, net),
    breaks: {
      ...usual('an address is missing', 'the MTU is another', 'the interface is gone'),
      'a route of the server is missing': (container) => inContainer(container, 'route delete 10.99.0.0/16'),
    },
  }
}

function expect({ mtu, flags }: Link, container: Netns, net: string): void {
  assert.equal([mtu, flags.includes('UP')], [1400, true])
  assert.match(
    addresses('eth0', container).join(),
    new RegExp(`^${net.replaceAll('.', '\\.')}\\.1\\d\\d/24$`),
  )
  assert.equal(routes(4, container), [`default via ${net}.1`, `${net}.0/24`, `10.99.0.0/16 via ${net}.1`])
  assert.ok(pings(container, `${net}.1`))
}

testRoundTrips('macvlan with dhcp', leased({ type: 'macvlan', master: 'eth0' }, '10.1.0'))
testRoundTrips(
  'bridge with an uplink and dhcp',
  leased({ type: 'bridge', bridge: 'br1', uplinks: ['eth1'] }, '10.2.0'),
)

for (const [kind, server] of Object.entries(servers))
  test(`${kind}: the server has every address back after all that`, async () => {
    const released = () => server.log().filter((line) => line.includes('DHCPRELEASE')).length
    await until('no lease is left', () => server.leases().length === 0)
    assert.ok(released() > 0)
  })

test.run()
