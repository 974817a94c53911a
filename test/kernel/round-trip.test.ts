/** Round trips of bridge and loopback. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { hostEnd, inContainer } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const kinds: Record<string, Kind> = {
  bridge: {
    config: { type: 'bridge', bridge: 'trip0', isDefaultGateway: true, ipMasq: true, mtu: 1400 },
    everyVersion: true,
    subnets: ['10.88.0.0/24', 'fd88::/64'],
    expect: ({ mtu, linkinfo }) => assert.equal([linkinfo?.info_kind, mtu], ['veth', 1400]),
    breaks: {
      ...usual(
        'an address is missing',
        'the interface is down',
        'the MTU is another',
        'the interface is gone',
      ),
      'the default route is missing': (container) => inContainer(container, 'route delete default'),
      'the MTU of the host’s end is another': (container) =>
        ip(`link set ${hostEnd(container).ifname} mtu 1300`),
      'the host’s end has no master': (container) => ip(`link set ${hostEnd(container).ifname} nomaster`),
    },
  },
  loopback: {
    config: { type: 'loopback' },
    ifname: 'lo',
    prepare: haveBeenUp,
    expect: ({ flags }) => assert.ok(flags.includes('UP')),
    breaks: { 'lo is down': (container) => inContainer(container, 'link set lo down') },
  },
}

/** The kernel gives lo its address when it is first up, and never removes it. */
function haveBeenUp(container: Netns): void {
  for (const state of ['up', 'down']) inContainer(container, `link set lo ${state}`)
}

for (const [name, kind] of Object.entries(kinds)) testRoundTrips(name, kind)

test.run()
