/** Round trip and faults of tap and tun. */

import * as assert from 'uvu/assert'
import { type Netns, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

/** Makes the device again by hand, as another program would. */
function remake(container: Netns, words: string): void {
  const { address } = link('eth0', container)
  inContainer(container, 'link delete eth0')
  inContainer(container, `tuntap add name eth0 ${words}`)
  if (address && words.includes('mode tap')) inContainer(container, `link set eth0 address ${address}`)
  inContainer(container, 'link set eth0 mtu 1400 up')
}

const breaks: Kind['breaks'] = {
  'an address is missing': (container) => inContainer(container, 'address flush dev eth0 scope global'),
  'the interface is down': (container) => inContainer(container, 'link set eth0 down'),
  'the MTU is another': (container) => inContainer(container, 'link set eth0 mtu 1300'),
  'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
}

const tap: Kind = {
  config: { type: 'tap', owner: 61000, group: 61001, multiQueue: true, mtu: 1400, mac: '02:00:5e:10:00:07' },
  subnets: ['10.140.0.0/24', 'fd00:140::/64'],
  expect: ({ mtu, address, linkinfo }) => {
    assert.equal([linkinfo?.info_kind, mtu, address], ['tun', 1400, '02:00:5e:10:00:07'])
    const { type, user, group, multi_queue, persist, vnet_hdr } = linkinfo?.info_data ?? {}
    assert.equal([type, multi_queue, persist, vnet_hdr], ['tap', true, true, true])
    assert.equal([Number(user), Number(group)], [61000, 61001])
  },
  breaks,
}

/** Without addresses, so that CHECK can fail only because of the device. */
const bare: Kind = {
  addressless: true,
  config: { type: 'tap', bridge: 'br0', owner: 61000, mtu: 1400 },
  prepare: (container) => {
    inContainer(container, 'link add br0 type bridge')
    // The bridge keeps the MAC address of its first port.
    inContainer(container, 'link set br0 address 02:00:5e:00:00:08 up')
  },
  expect: ({ master }) => assert.is(master, 'br0'),
  breaks: {
    'it is no port of the bridge': (container) => inContainer(container, 'link set eth0 nomaster'),
    'the owner is another': (container) => remake(container, 'mode tap user 61001'),
    'it has no queues': (container) => remake(container, 'mode tap user 61000 multi_queue'),
    'it is a tun': (container) => remake(container, 'mode tun user 61000'),
  },
}

const tun: Kind = {
  config: { type: 'tap', mode: 'tun', mtu: 1400 },
  subnets: ['10.141.0.0/24', 'fd00:141::/64'],
  expect: ({ mtu, linkinfo }) => assert.equal([linkinfo?.info_data?.type, mtu], ['tun', 1400]),
  breaks: { ...breaks, 'it is a tap': (container) => remake(container, 'mode tap') },
}

testRoundTrips('tap', tap)
testRoundTrips('tap on a bridge', bare)
testRoundTrips('tun', tun)
testTrouble('tap', tap)

test.run()
