/** Round trip and faults of macvtap in each of its modes. */
// needs: link macvtap

import { chmodSync, chownSync, rmSync, statSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { farHost, type Netns, privateHost } from '../harness/host.ts'
import { inContainer, type Link } from '../harness/look.ts'
import { type Kind, roundTrip, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
farHost()

type Break = (container: Netns) => void

/** A directory that snapshots include. */
const node = '/run/nodes/{ifname}'
const path = '/run/nodes/eth0'

/** The round trip of a mode, with all keys. */
function mode(name: string): Kind {
  const sourceMacs = name === 'source' ? { sourceMacs: ['02:00:5e:10:00:01'] } : {}
  const own = { node, owner: 61000, group: 61001, nodeMode: '0640' }
  return {
    config: {
      type: 'macvtap',
      master: 'uplink',
      mode: name,
      mtu: 1400,
      bcqueuelen: 2000,
      promiscMode: true,
      ...sourceMacs,
      ...own,
    },
    subnets: ['198.51.100.0/24', '2001:db8:51::/64'],
    expect: (link) => expect(link, name),
    breaks: name === 'bridge' ? breaks : {},
  }
}

function expect({ mtu, flags, promiscuity, linkinfo }: Link, name: string): void {
  const { mode, bcqueuelen } = linkinfo?.info_data ?? {}
  assert.equal([linkinfo?.info_kind, mode, mtu, bcqueuelen], ['macvtap', name, 1400, 2000])
  assert.equal([flags.includes('PROMISC'), promiscuity], [true, 1])
  const found = statSync(path)
  assert.ok(found.isCharacterDevice())
  assert.equal([found.uid, found.gid, found.mode & 0o7777], [61000, 61001, 0o640])
}

const breaks: Record<string, Break> = {
  'an address is missing': (container) => inContainer(container, 'address flush dev eth0 scope global'),
  'the MAC address is another': (container) =>
    inContainer(container, 'link set eth0 address 02:00:5e:10:00:09'),
  'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
  'the mode is another': (container) => inContainer(container, 'link set eth0 type macvtap mode vepa'),
  'the interface is not promiscuous': (container) => inContainer(container, 'link set eth0 promisc off'),
  'the node is gone': () => rmSync(path),
  'the node belongs to another user': () => chownSync(path, 0, 61001),
  'the node belongs to another group': () => chownSync(path, 61000, 0),
  'others may open the node': () => chmodSync(path, 0o666),
}

testRoundTrips('macvtap bridge', mode('bridge'))
for (const name of ['private', 'vepa', 'passthru', 'source'])
  test(`macvtap ${name}: up and as configured, and DEL leaves nothing`, () => roundTrip(mode(name), '1.1.0'))

testTrouble('macvtap', {
  ...mode('bridge'),
  config: { ...mode('bridge').config, node: '/run/nodes/{containerID}/{ifname}' },
})

test.run()
