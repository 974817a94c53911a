/** dummy on the round trip that every kind of interface goes, and in trouble. */
// needs: link dummy

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const dummy: Kind = {
  config: { type: 'dummy', mtu: 1400 },
  subnets: ['10.130.0.0/24', 'fd00:130::/64'],
  expect: ({ mtu, linkinfo, flags }) => {
    assert.equal([linkinfo?.info_kind, mtu], ['dummy', 1400])
    assert.ok(flags.includes('UP'))
  },
  breaks: {
    'an address is missing': (container) => inContainer(container, 'address flush dev eth0 scope global'),
    'the interface is down': (container) => inContainer(container, 'link set eth0 down'),
    'the MTU is another': (container) => inContainer(container, 'link set eth0 mtu 1300'),
    'the MAC address is another': (container) =>
      inContainer(container, 'link set eth0 address 02:00:5e:00:00:01'),
    'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
    'the interface is of another kind': (container) => {
      inContainer(container, 'link delete eth0')
      inContainer(container, 'link add eth0 type veth')
    },
  },
}

testRoundTrips('dummy', dummy)
testTrouble('dummy', dummy)

test.run()
