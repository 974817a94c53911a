/** Round trip of ptp. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { addresses, hostEnd, inContainer } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const ptp: Kind = {
  config: { type: 'ptp', ipMasq: true, ipMasqBackend: 'nftables', mtu: 1400, txQueueLen: 500 },
  subnets: ['10.88.0.0/24', 'fd88::/64'],
  expect: ({ mtu, txqlen, linkinfo }) =>
    assert.equal([linkinfo?.info_kind, mtu, txqlen], ['veth', 1400, 500]),
  breaks: {
    ...usual('an address is missing', 'the interface is down', 'the interface is gone'),
    'the way to the gateway is missing': (container) => inContainer(container, 'route delete 10.88.0.1/32'),
    'the way to the subnet is missing': (container) => inContainer(container, '-6 route delete fd88::/64'),
    'the way to the subnet leads past the gateway': (container) =>
      inContainer(container, 'route replace 10.88.0.0/24 dev eth0'),
    'the MTU of the host’s end is another': (container) =>
      ip(`link set ${hostEnd(container).ifname} mtu 1300`),
    'the host’s end is down': (container) => ip(`link set ${hostEnd(container).ifname} down`),
    'the host’s end lacks the gateway’s address': (container) =>
      ip(`address delete 10.88.0.1/32 dev ${hostEnd(container).ifname}`),
    'the host has no route to the container': (container) =>
      ip(`route delete ${bare(addresses('eth0', container)[0])}`),
    'the host has no IPv6 route to the container': (container) =>
      ip(`-6 route delete ${bare(addresses('eth0', container)[1])}`),
    'the masquerade is gone': () => command('nft', 'delete', 'table', 'ip', 'patchbay'),
  },
}

testRoundTrips('ptp', ptp)

test.run()
