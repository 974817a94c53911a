/** Round trip of vlan: one tag of either protocol, stacked tags, a parent in the container. */
// needs: link vlan

import * as assert from 'uvu/assert'
import { ip, ipJson } from '../harness/command.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { inContainer, type Link } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()
for (const [name, peer] of [
  ['eth0', '0hte'],
  ['other', 'rehto'],
]) {
  ip(`link add ${name} type veth peer name ${peer}`)
  for (const end of [name, peer]) ip(`link set ${end} up`)
}

const subnets = ['10.5.0.0/24', 'fd05::/64']

/** Replaces the container's interface by hand. */
function replace(container: Netns, kind: string, parent = 'eth0'): void {
  inContainer(container, 'link delete eth0')
  ip(`link add link ${parent} name passing netns ${container.name} type vlan ${kind}`)
  inContainer(container, 'link set passing name eth0')
  inContainer(container, 'link set eth0 up')
}

const addressesGone = (container: Netns) => inContainer(container, 'address flush dev eth0 scope global')
const set = (words: string) => (container: Netns) =>
  void inContainer(container, `link set dev eth0 type vlan ${words}`)

/** The host's device of the outer tag. */
const outer = () => ipJson<Link>('link show type vlan').map(({ ifname }) => ifname)[0] ?? ''

function assertVlan(link: Link, expected: Record<string, unknown>): void {
  const { info_kind, info_data = {} } = link.linkinfo ?? {}
  assert.is(info_kind, 'vlan')
  assert.ok(link.flags.includes('UP'))
  for (const [key, value] of Object.entries(expected)) assert.equal(info_data[key], value, key)
}

const kinds: Record<string, Kind> = {
  vlan: {
    config: {
      type: 'vlan',
      master: 'eth0',
      vlanId: 100,
      mtu: 1400,
      gvrp: true,
      mvrp: true,
      looseBinding: true,
      reorder: false,
      ingressPriorities: { 3: 5, 4: 0 },
      egressPriorities: { 5: 3, 4000000000: 7 },
    },
    subnets,
    expect: (link) => {
      assert.is(link.mtu, 1400)
      assertVlan(link, {
        protocol: '802.1Q',
        id: 100,
        flags: ['GVRP', 'MVRP', 'LOOSE_BINDING'],
        ingress_qos: [{ from: 3, to: 5 }],
      })
      const egress = link.linkinfo?.info_data?.egress_qos as { from: number }[]
      assert.equal(
        egress.sort((one, other) => one.from - other.from),
        [
          { from: 5, to: 3 },
          { from: 4000000000, to: 7 },
        ],
      )
    },
    breaks: {
      ...usual('the interface is down', 'the MTU is another', 'the interface is gone'),
      'an address is missing': addressesGone,
      'a flag is another': set('gvrp off'),
      'the tags are cut out': set('reorder_hdr on'),
      'a priority leads elsewhere': set('ingress-qos-map 3:6'),
      'a priority leads nowhere': set('egress-qos-map 5:0'),
      'another priority leads somewhere': set('egress-qos-map 1:1'),
      'the VLAN is another': (container) => replace(container, 'id 101'),
      'the protocol is another': (container) => replace(container, 'protocol 802.1ad id 100'),
      'the parent is another': (container) => replace(container, 'id 100', 'other'),
      'it is no VLAN': (container) => {
        inContainer(container, 'link delete eth0')
        inContainer(container, 'link add eth0 type veth peer name 0hte')
      },
    },
  },
  'vlan of 802.1ad': {
    config: { type: 'vlan', master: 'eth0', vlanId: 4094, protocol: '802.1ad' },
    subnets,
    expect: (link) => assertVlan(link, { protocol: '802.1ad', id: 4094, flags: ['REORDER_HDR'] }),
    breaks: { 'the protocol is another': (container) => replace(container, 'id 4094') },
  },
  'stacked vlan': {
    config: { type: 'vlan', master: 'eth0', tags: [100, 20] },
    subnets,
    expect: (link) => {
      assertVlan(link, { protocol: '802.1Q', id: 20, flags: ['REORDER_HDR'] })
      const [carrier] = ipJson<Link>('link show type vlan')
      assertVlan(carrier as Link, { protocol: '802.1ad', id: 100 })
      assert.is(link.link_index, carrier?.ifindex)
    },
    breaks: {
      'the outer device is down': () => ip(`link set ${outer()} down`),
      'the outer device is gone': () => ip(`link delete ${outer()}`),
      'an address is missing': addressesGone,
      'the inner tag is another': (container) => replace(container, 'id 21', outer()),
      'the outer tag is missing': (container) => replace(container, 'id 20'),
    },
  },
  'vlan on the container’s own interface': {
    config: { type: 'vlan', master: 'net0', linkInContainer: true, vlanId: 7 },
    subnets,
    prepare: (container) => {
      inContainer(container, 'link add net0 type veth peer name 0ten')
      for (const name of ['net0', '0ten']) inContainer(container, `link set ${name} up`)
    },
    expect: (link) => assertVlan(link, { protocol: '802.1Q', id: 7 }),
    breaks: {
      'it sits on the host’s interface': (container) => replace(container, 'id 7'),
      'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
    },
  },
}

for (const [name, kind] of Object.entries(kinds)) testRoundTrips(name, kind)

test.run()
