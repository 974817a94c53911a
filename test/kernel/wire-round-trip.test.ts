/** Round trip of wire, with no container at its other end. */

import { readdirSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const wire: Kind = {
  config: { type: 'wire', wire: 'trip-1', mtu: 1400, txQueueLen: 500 },
  subnets: ['10.88.0.0/24', 'fd88::/64'],
  expect: ({ mtu, txqlen, flags, linkinfo }) => {
    assert.equal([linkinfo?.info_kind, mtu, txqlen], ['veth', 1400, 500])
    assert.ok(flags.includes('UP'))
  },
  breaks: {
    ...usual('an address is missing', 'the interface is down', 'the MTU is another', 'the interface is gone'),
    'the other end is gone': () => ip(`link delete ${waiting()}`),
    'the interface is no end of the wire': (container) => inContainer(container, 'link set eth0 alias mine'),
    'the record of who has its ends is lost': () => rmSync('/run/patchbay/wires', { recursive: true }),
  },
}

/** The end on the host has the name of the record. */
function waiting(): string {
  return readdirSync('/run/patchbay/wires')[0]?.replace('.json', '') ?? ''
}

testRoundTrips('wire', wire)

test.run()
