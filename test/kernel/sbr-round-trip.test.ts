/** Round trip of sbr behind a bridge, in every version of the specification. */

import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { inContainer, routes } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const sbr: Kind = {
  config: { type: 'bridge', bridge: 'br0', isDefaultGateway: true },
  chain: [{ type: 'sbr' }],
  subnets: ['10.212.0.0/24', 'fd00:212::/64'],
  everyVersion: true,
  expect(_, container) {
    for (const [family, table] of [
      [4, 100],
      [6, 101],
    ] as const) {
      assert.match(inContainer(container, `-${family} rule show`), `lookup ${table}`)
      assert.match(inContainer(container, `-${family} route show table ${table}`), /^default via/m)
      assert.not.ok(routes(family, container).some((route) => route.startsWith('default')))
    }
  },
  breaks: {
    ...usual('the interface is gone', 'an address is missing'),
    'the IPv4 rule is gone': (container) => inContainer(container, 'rule del table 100'),
    'the IPv6 rule is gone': (container) => inContainer(container, '-6 rule del table 101'),
    'an IPv4 table lacks its default route': (container) =>
      inContainer(container, 'route del default table 100'),
    'an IPv6 table lacks its default route': (container) =>
      inContainer(container, '-6 route del default table 101'),
    'an IPv4 table lacks its subnet': (container) =>
      inContainer(container, 'route del 10.212.0.0/24 table 100'),
    'an IPv6 table lacks its subnet': (container) =>
      inContainer(container, '-6 route del fd00:212::/64 table 101'),
    'a table is empty': (container) => inContainer(container, 'route flush table 100'),
  },
}

testRoundTrips('sbr', sbr)

test.run()
