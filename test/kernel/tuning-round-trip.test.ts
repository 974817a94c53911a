/** Round trip of tuning behind a bridge, in every version of the specification. */

import * as assert from 'uvu/assert'
import { privateHost, setSysctl } from '../harness/host.ts'
import { inContainer, sysctl } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const mac = '02:00:5e:10:00:01'
const attributes = { mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 555 }
const sysctls = { 'net.ipv4.conf.IFNAME.arp_filter': '1', 'net/ipv6/conf/IFNAME/hop_limit': '33' }

const tuning: Kind = {
  config: { type: 'bridge', bridge: 'br0', isGateway: true },
  chain: [{ type: 'tuning', sysctl: sysctls, ...attributes }],
  subnets: ['10.210.0.0/24', 'fd00:210::/64'],
  everyVersion: true,
  expect({ address, mtu, flags, txqlen }, container) {
    assert.equal([address, mtu, txqlen], [mac, 1400, 555])
    for (const flag of ['PROMISC', 'ALLMULTI', 'UP']) assert.ok(flags.includes(flag), flag)
    assert.is(sysctl('net/ipv4/conf/eth0/arp_filter', container), '1')
    assert.is(sysctl('net/ipv6/conf/eth0/hop_limit', container), '33')
  },
  breaks: {
    ...usual(
      'the MTU is another',
      'the MAC address is another',
      'the interface is gone',
      'an address is missing',
    ),
    'promiscuous mode is off': (container) => inContainer(container, 'link set eth0 promisc off'),
    'multicast frames are filtered': (container) => inContainer(container, 'link set eth0 allmulticast off'),
    'the queue has another length': (container) => inContainer(container, 'link set eth0 txqueuelen 1'),
    'a sysctl of the interface is another': ({ name }) => setSysctl('net/ipv4/conf/eth0/arp_filter', 0, name),
  },
}

testRoundTrips('tuning', tuning)

test.run()
