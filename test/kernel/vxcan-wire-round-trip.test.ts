/** Round trip and faults of vxcan as a wire, with no container at its other end. */
// needs: link vxcan

import { readdirSync } from 'node:fs'
import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { isUp, type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const wire: Kind = {
  config: { type: 'vxcan', mtu: 16, wire: 'trip-1' },
  addressless: true,
  ifname: 'can0',
  expect: isUp('vxcan', 16),
  breaks: {
    ...usual('the interface is down', 'the interface is gone'),
    'the other end is gone': () =>
      ip(`link delete ${readdirSync('/run/patchbay/wires')[0]?.replace('.json', '')}`),
    'the interface is no end of the wire': (container) => inContainer(container, 'link set can0 alias mine'),
  },
}

testRoundTrips('vxcan as a wire', wire)
testTrouble('vxcan as a wire', { ...wire, atOnce: 2 })

test.run()
