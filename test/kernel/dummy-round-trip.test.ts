/** Round trip and faults of dummy. */
// needs: link dummy

import { privateHost } from '../harness/host.ts'
import { isUp, type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const dummy: Kind = {
  config: { type: 'dummy', mtu: 1400 },
  subnets: ['10.130.0.0/24', 'fd00:130::/64'],
  expect: isUp('dummy', 1400),
  breaks: {
    ...usual(
      'an address is missing',
      'the interface is down',
      'the MTU is another',
      'the MAC address is another',
      'the interface is gone',
      'the interface is of another kind',
    ),
  },
}

testRoundTrips('dummy', dummy)
testTrouble('dummy', dummy)

test.run()
