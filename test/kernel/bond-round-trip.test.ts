/** Round trip of bond over the container's own interfaces. */
// needs: link bond

import * as assert from 'uvu/assert'
import { ownCables } from '../harness/cables.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { inContainer, type Link } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const subnets = ['10.140.0.0/24', 'fd00:140::/64']
const links = [{ name: 'net1' }, { name: 'net2' }]

function assertBond({ linkinfo, flags }: Link, expected: Record<string, unknown>): void {
  assert.is(linkinfo?.info_kind, 'bond')
  for (const flag of ['UP', 'LOWER_UP', 'MASTER']) assert.ok(flags.includes(flag), flag)
  for (const [key, value] of Object.entries(expected)) assert.equal(linkinfo?.info_data?.[key], value, key)
}

const set = (words: string) => (container: Netns) =>
  void inContainer(container, `link set dev eth0 type bond ${words}`)

const bond: Kind = {
  config: {
    type: 'bond',
    mode: 'active-backup',
    linksInContainer: true,
    links: [links[0], { name: 'net2', queueId: 2, priority: -5 }],
    miimon: 50,
    updelay: 100,
    downdelay: 150,
    peerNotifyDelay: 50,
    primary: 'net2',
    primaryReselect: 'better',
    failOverMac: 'follow',
    resendIgmp: 3,
    numPeerNotif: 2,
    allSlavesActive: true,
  },
  subnets,
  prepare: ownCables,
  expect: (link) => {
    assert.is(link.mtu, 1450)
    assertBond(link, {
      mode: 'active-backup',
      miimon: 50,
      updelay: 100,
      downdelay: 150,
      peer_notify_delay: 50,
      primary: 'net2',
      primary_reselect: 'better',
      fail_over_mac: 'follow',
      resend_igmp: 3,
      num_peer_notif: 2,
      all_slaves_active: 1,
    })
  },
  breaks: {
    ...usual('an address is missing', 'the interface is down', 'the MTU is another'),
    'the interface is gone': (container) => {
      for (const name of ['net1', 'net2']) inContainer(container, `link set ${name} nomaster`)
      inContainer(container, 'link delete eth0')
    },
    'a member is free': (container) => inContainer(container, 'link set net1 nomaster'),
    'miimon is another': set('miimon 100'),
    'the primary is another': set('primary net1'),
    'primaryReselect is another': set('primary_reselect always'),
    'resendIgmp is another': set('resend_igmp 1'),
    'all members are active': set('all_slaves_active 0'),
    'the queue of a member is another': (container) =>
      inContainer(container, 'link set dev net2 type bond_slave queue_id 0'),
    'the priority of a member is another': (container) =>
      inContainer(container, 'link set dev net2 type bond_slave prio 7'),
    'it is a bridge': (container) => {
      for (const name of ['net1', 'net2']) inContainer(container, `link set ${name} nomaster`)
      inContainer(container, 'link delete eth0')
      inContainer(container, 'link add eth0 type bridge')
    },
  },
}

testRoundTrips('bond', bond)

test.run()
