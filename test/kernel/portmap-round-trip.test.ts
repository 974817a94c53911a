/** portmap in a list: the round trip in every version, and what CHECK notices. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { elements } from './firewall-containers.ts'

await privateHost()

const kind: Kind = {
  config: { type: 'bridge', bridge: 'br0', isDefaultGateway: true },
  chain: [{ type: 'portmap', capabilities: { portMappings: true } }],
  capabilities: {
    portMappings: [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostPort: 5353, containerPort: 53, protocol: 'UDP', hostIP: '127.0.0.1' },
      { hostPort: 9000, containerPort: 9000, protocol: 'sctp', range: 3 },
    ],
  },
  subnets: ['10.5.0.0/24', 'fd05::/64'],
  everyVersion: true,
  expect() {
    assert.equal([elements('ip', 'portmap-ports').length, elements('ip', 'portmap-addresses').length], [4, 1])
    assert.equal(
      [elements('ip6', 'portmap-ports').length, elements('ip6', 'portmap-addresses').length],
      [4, 0],
    )
  },
  breaks: {
    'a port is missing': () => void command('nft', 'delete element ip patchbay portmap-ports { tcp . 8080 }'),
    'a port of one address is missing': () =>
      void command('nft', 'delete element ip patchbay portmap-addresses { 127.0.0.1 . udp . 5353 }'),
    'a neighbour is not masqueraded': () => void command('nft', 'flush set ip6 patchbay portmap-neighbours'),
    'packets do not enter': () => void command('nft', 'flush chain ip patchbay portmap-prerouting'),
    'the whole ruleset was flushed': () => void command('nft', 'flush ruleset'),
  },
}

testRoundTrips('portmap', kind)

test.run()
