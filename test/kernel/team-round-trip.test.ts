/** Round trip of team over the container's interfaces, and over the host's NICs. */
// needs: link team

import * as assert from 'uvu/assert'
import { inNamespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { findLink, type LinkName } from '../../shared/netlink/link.ts'
import { openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { changeTeam, type TeamOption } from '../../shared/netlink/team.ts'
import { cables, hostNics, nics, ownCables } from '../harness/cables.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { exists, inContainer, type Link } from '../harness/look.ts'
import { type Kind, noticed, roundTrip, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const subnets = ['10.180.0.0/24', 'fd00:180::/64']

/** Sets an option by hand, of the team or of a member. */
const set = (name: string, value: TeamOption['value'], member?: string) => (container: Netns) =>
  inNamespace(openNamespace(container.path), () => {
    const route = openSocket(Protocol.ROUTE)
    const port = member === undefined ? undefined : findLink(route, member)?.index
    changeTeam(openSocket(Protocol.GENERIC), findLink(route, 'eth0') as LinkName, [{ name, value, port }])
  })

function assertTeam({ linkinfo, flags, mtu }: Link): void {
  assert.equal([linkinfo?.info_kind, mtu], ['team', 1450])
  for (const flag of ['UP', 'LOWER_UP']) assert.ok(flags.includes(flag), flag)
}

const own: Kind = {
  config: {
    type: 'team',
    mode: 'loadbalance',
    linksInContainer: true,
    links: [
      { name: 'net1', queueId: 2, priority: -5 },
      { name: 'net2', enabled: false },
    ],
    notifyPeersCount: 2,
    notifyPeersInterval: 50,
    mcastRejoinCount: 1,
    mcastRejoinInterval: 20,
  },
  subnets,
  prepare: ownCables,
  expect: assertTeam,
  breaks: {
    ...usual('an address is missing', 'the interface is down'),
    'a member is free': (container) => inContainer(container, 'link set net1 nomaster'),
    'an option is another': set('notify_peers_count', 3),
    'the hash is another': set('bpf_hash_func', Buffer.from('0600000001000000', 'hex')),
    'the queue of a member is another': set('queue_id', 0, 'net1'),
    'a member is enabled': set('enabled', true, 'net2'),
    'it is a bridge': (container) => {
      for (const name of cables) inContainer(container, `link set ${name} nomaster`)
      inContainer(container, 'link delete eth0')
      inContainer(container, 'link add eth0 type bridge')
    },
  },
}

testRoundTrips('team', own)

/** The code that returns NICs is tested in bond-nics.test.ts. */
const ofNics: Kind = {
  config: {
    type: 'team',
    mode: 'activebackup',
    activePort: 'eth2',
    links: nics.map((name) => ({ name })),
  },
  subnets,
  prepare: hostNics,
  expect: (link) => {
    assertTeam(link)
    for (const name of nics) assert.not.ok(exists(name), name)
  },
  breaks: {
    'no member is active': (container) => {
      inContainer(container, 'link set eth2 nomaster')
      inContainer(container, 'link set eth2 down')
      inContainer(container, 'link set eth2 master eth0')
    },
    'a member is free': (container) => inContainer(container, 'link set eth1 nomaster'),
    'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
  },
}

test('team of the host’s NICs: up and as configured, and the NICs come back', () =>
  roundTrip(ofNics, '1.1.0'))

for (const broken of Object.keys(ofNics.breaks))
  test(`team of the host’s NICs: CHECK notices that ${broken}, and DEL still cleans up`, async () => {
    await noticed(ofNics, broken)
  })

test.run()
