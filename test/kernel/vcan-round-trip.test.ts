/** vcan on the round trip that every kind of interface goes, and in trouble. */
// needs: link vcan

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const vcan: Kind = {
  config: { type: 'vcan', mtu: 16 },
  addressless: true,
  ifname: 'can0',
  expect: ({ mtu, linkinfo, flags }) => {
    assert.equal([linkinfo?.info_kind, mtu], ['vcan', 16])
    assert.ok(flags.includes('UP'))
  },
  breaks: {
    'the interface is down': (container) => inContainer(container, 'link set can0 down'),
    'the MTU is another': (container) => {
      inContainer(container, 'link set can0 down')
      inContainer(container, 'link set can0 mtu 72 up')
    },
    'the interface is gone': (container) => inContainer(container, 'link delete can0'),
    'the interface is of another kind': (container) => {
      inContainer(container, 'link delete can0')
      inContainer(container, 'link add can0 type veth')
    },
  },
}

testRoundTrips('vcan', vcan)
testTrouble('vcan', vcan)

test.run()
