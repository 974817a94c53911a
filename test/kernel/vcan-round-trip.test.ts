/** Round trip and faults of vcan. */
// needs: link vcan

import { privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { isUp, type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const vcan: Kind = {
  config: { type: 'vcan', mtu: 16 },
  addressless: true,
  everyVersion: true,
  ifname: 'can0',
  expect: isUp('vcan', 16),
  breaks: {
    ...usual('the interface is down', 'the interface is gone', 'the interface is of another kind'),
    'the MTU is another': (container) => {
      inContainer(container, 'link set can0 down')
      inContainer(container, 'link set can0 mtu 72 up')
    },
  },
}

testRoundTrips('vcan', vcan)
testTrouble('vcan', vcan)

test.run()
