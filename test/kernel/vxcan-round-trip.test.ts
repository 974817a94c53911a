/** Round trip and faults of vxcan with its other end on the host. */
// needs: link vxcan, link vcan, can gateway
// packages: can-utils

import * as assert from 'uvu/assert'
import { gatewayRules } from '../harness/can.ts'
import { command, ip } from '../harness/command.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { hostEnd, inContainer } from '../harness/look.ts'
import { isUp, type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
command('modprobe', 'can-gw')
ip('link add bus0 up type vcan')

/** The name of the host's end. */
function end(container: Netns): string {
  return hostEnd(container, 'can0', 'vxcan').ifname
}

const toHost: Kind = {
  config: { type: 'vxcan', mtu: 16, gateway: { device: 'bus0' } },
  addressless: true,
  ifname: 'can0',
  expect: isUp('vxcan', 16),
  breaks: {
    ...usual('the interface is down', 'the interface is gone', 'the interface is of another kind'),
    'the MTU is another': (container) => {
      inContainer(container, 'link set can0 down')
      inContainer(container, 'link set can0 mtu 72 up')
    },
    "the host's end is gone": (container) => ip(`link delete ${end(container)}`),
    "the host's end is down": (container) => ip(`link set ${end(container)} down`),
    "the host's MTU is another": (container) => {
      ip(`link set ${end(container)} down`)
      ip(`link set ${end(container)} mtu 72 up`)
    },
    'the rules are gone': () => void command('sh', '-c', 'cangw -F; true'),
  },
}

testRoundTrips('vxcan to the host', toHost)
testTrouble('vxcan to the host', toHost)

test('no rule of can-gw is left', () => {
  assert.equal(gatewayRules(), [])
})

test.run()
