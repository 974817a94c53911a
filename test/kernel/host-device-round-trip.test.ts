/** Round trip and faults of host-device. */

import * as assert from 'uvu/assert'
import { hostNics, isOfNics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { exists, inContainer } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const hostDevice: Kind = {
  config: { type: 'host-device', device: 'eth1' },
  ifname: 'net1',
  subnets: ['10.145.0.0/24', 'fd00:145::/64'],
  prepare: hostNics,
  expect: ({ linkinfo, mtu, flags }) => {
    assert.equal([linkinfo?.info_kind, mtu, flags.includes('LOWER_UP')], ['veth', 1450, true])
    assert.not.ok(exists('eth1'))
  },
  breaks: {
    ...usual('an address is missing', 'the MTU is another', 'the MAC address is another'),
    'it has another name': (container) => {
      for (const words of ['net1 down', 'net1 name other', 'other up'])
        inContainer(container, `link set ${words}`)
    },
  },
}

testRoundTrips('host-device', hostDevice)

testTrouble('host-device', { ...hostDevice, atOnce: 1, goesWithNamespace: isOfNics })

test.run()
