/** Round trip of macvlan in each of its modes. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { farHost, type Netns, privateHost } from '../harness/host.ts'
import { inContainer, type Link } from '../harness/look.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()

const listed = '02:00:5e:10:00:01'

type Break = (container: Netns) => void

/** The round trip of a mode, with all keys. */
function mode(name: string): Kind {
  const sourceMacs = name === 'source' ? { sourceMacs: [listed] } : {}
  return {
    config: { type: 'macvlan', master: 'uplink', mode: name, mtu: 1400, bcqueuelen: 2000, ...sourceMacs },
    subnets: ['198.51.100.0/24', '2001:db8:51::/64'],
    expect: (link) => expect(link, name),
    breaks: own[name] ?? {},
  }
}

function expect({ mtu, linkinfo }: Link, name: string): void {
  const { mode, bcqueuelen } = linkinfo?.info_data ?? {}
  assert.equal([linkinfo?.info_kind, mode, mtu, bcqueuelen], ['macvlan', name, 1400, 2000])
}

/** Faults in any mode. */
const general: Record<string, Break> = {
  'an address is missing': (container) => inContainer(container, 'address flush dev eth0 scope global'),
  'the interface is down': (container) => inContainer(container, 'link set eth0 down'),
  'the MTU is another': (container) => inContainer(container, 'link set eth0 mtu 1300'),
  'the MAC address is another': (container) =>
    inContainer(container, 'link set eth0 address 02:00:5e:10:00:09'),
  'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
  'the broadcast queue is another': (container) =>
    inContainer(container, 'link set eth0 type macvlan bcqueuelen 9'),
}

/** Faults in one mode. */
const own: Record<string, Record<string, Break>> = {
  bridge: general,
  private: {
    'the mode is another': (container) => inContainer(container, 'link set eth0 type macvlan mode vepa'),
  },
  source: {
    'another MAC address is accepted': (container) =>
      inContainer(container, 'link set eth0 type macvlan macaddr add 02:00:5e:10:00:02'),
    'no MAC address is accepted': (container) =>
      inContainer(container, 'link set eth0 type macvlan macaddr flush'),
  },
}

for (const name of ['private', 'vepa', 'bridge', 'passthru', 'source'])
  testRoundTrips(`macvlan ${name}`, mode(name))

test.run()
