/** Round trip of vxlan, with each way to find the other hosts. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { hostEnd, inContainer, type Link, link } from '../harness/look.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** The underlay: a cable with no other VXLAN host. */
ip('link add under0 type veth peer name under1')
for (const words of ['192.0.2.1/24', '2001:db8::1/64']) ip(`address add ${words} dev under0 nodad`)
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)

const fdb = (words: string) => command('bridge', 'fdb', ...words.split(' '))

/** The default entries of the FDB, sorted. */
function flood(name: string): string[] {
  const lines = fdb(`show dev ${name}`).split('\n')
  return lines.flatMap((line) => /^00:00:00:00:00:00 dst (\S+)/.exec(line)?.[1] ?? []).sort()
}

/** Faults that do not depend on the way to find other hosts. */
const breaks: Kind['breaks'] = {
  'an address is missing': (container) => inContainer(container, 'address flush dev eth0 scope global'),
  'the interface is down': (container) => inContainer(container, 'link set eth0 down'),
  'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
  'the MTU of the host’s end is another': (container) => ip(`link set ${hostEnd(container).ifname} mtu 1300`),
  'the host’s end has no master': (container) => ip(`link set ${hostEnd(container).ifname} nomaster`),
  'the bridge is down': () => ip('link set vxbr100 down'),
  'the bridge is gone': () => ip('link delete vxbr100'),
  'the VTEP is gone': () => ip('link delete vx100'),
  'the VTEP is down': () => ip('link set vx100 down'),
  'the VTEP has left the bridge': () => ip('link set vx100 nomaster'),
  'the VTEP’s MTU is smaller than the containers’': () => ip('link set vx100 mtu 1300'),
  'an option of the VTEP is another': () => ip('link set vx100 type vxlan nolearning'),
}

/** Host's end, VTEP and bridge, and their MTU. */
function expectBridged(mtu: number, remotes: string[]): (link: Link) => void {
  return ({ mtu: inside, linkinfo }) => {
    assert.equal([linkinfo?.info_kind, inside], ['veth', mtu])
    const vtep = link('vx100')
    assert.equal([vtep.mtu, vtep.master, link('vxbr100').mtu], [mtu, 'vxbr100', mtu])
    assert.is(vtep.linkinfo?.info_data?.id, 100)
    assert.equal(flood('vx100'), remotes)
  }
}

const inet = ['10.88.0.0/24', 'fd88::/64']

const kinds: Record<string, Kind> = {
  'one remote': {
    config: { type: 'vxlan', vni: 100, remote: '192.0.2.2', txQueueLen: 500 },
    subnets: inet,
    expect: (eth0) => {
      expectBridged(1450, ['192.0.2.2'])(eth0)
      assert.is(eth0.txqlen, 500)
    },
    breaks: {
      ...breaks,
      'the remote is missing': () => fdb('del 00:00:00:00:00:00 dev vx100 dst 192.0.2.2'),
      'a remote has come': () => fdb('append 00:00:00:00:00:00 dev vx100 dst 192.0.2.9'),
    },
  },
  'a list of remotes, with the host itself among them': {
    config: {
      type: 'vxlan',
      vni: 100,
      remotes: ['192.0.2.2', '192.0.2.1', '192.0.2.3', '192.0.2.2'],
      local: '192.0.2.1',
      dev: 'under0',
      sourcePortRange: { min: 40000, max: 41000 },
      ttl: 5,
      tos: 'inherit',
      df: 'set',
      learning: false,
      ageing: 60,
      gso: false,
      udpCsum: false,
    },
    subnets: inet,
    expect: (eth0) => {
      expectBridged(1450, ['192.0.2.2', '192.0.2.3'])(eth0)
      const { ttl, df, ageing, link: dev, local, port_range } = link('vx100').linkinfo?.info_data ?? {}
      assert.equal([ttl, df, ageing, dev, local], [5, 'set', 60, 'under0', '192.0.2.1'])
      assert.equal(port_range, { low: 40000, high: 41000 })
    },
    breaks: {
      'one of the remotes is missing': () => fdb('del 00:00:00:00:00:00 dev vx100 dst 192.0.2.3 via under0'),
      'the TTL is another': () => ip('link set vx100 type vxlan ttl 9'),
      'the local address is another': () => {
        ip('address add 192.0.2.77/24 dev under0')
        ip('link set vx100 type vxlan local 192.0.2.77')
        ip('address delete 192.0.2.77/24 dev under0')
      },
    },
  },
  'a group': {
    config: { type: 'vxlan', vni: 100, group: '239.1.1.1', dev: 'under0', ttl: 3 },
    subnets: inet,
    expect: (eth0) => {
      expectBridged(1450, ['239.1.1.1'])(eth0)
      assert.is(link('vx100').linkinfo?.info_data?.group, '239.1.1.1')
    },
    breaks: {
      'the group is missing': () => fdb('del 00:00:00:00:00:00 dev vx100 dst 239.1.1.1 via under0'),
    },
  },
  'an underlay of IPv6': {
    config: { type: 'vxlan', vni: 100, remotes: ['2001:db8::2'], udp6ZeroCsumTx: true, udp6ZeroCsumRx: true },
    subnets: inet,
    expect: expectBridged(1430, ['2001:db8::2']),
    breaks: {
      'the remote is missing': () => fdb('del 00:00:00:00:00:00 dev vx100 dst 2001:db8::2'),
    },
  },
  direct: {
    config: { type: 'vxlan', vni: 100, direct: true, remotes: ['192.0.2.2'], dev: 'under0', gro: false },
    subnets: inet,
    expect: ({ mtu, linkinfo }) => {
      assert.equal([linkinfo?.info_kind, linkinfo?.info_data?.id, mtu], ['vxlan', 100, 1450])
    },
    breaks: {
      ...usual('an address is missing', 'the interface is down', 'the interface is gone'),
      'a remote has come': ({ name }) =>
        command('bridge', '-n', name, ...'fdb append 00:00:00:00:00:00 dev eth0 dst 192.0.2.9'.split(' ')),
      'an option is another': (container) => inContainer(container, 'link set eth0 type vxlan ttl 9'),
    },
  },
  'direct, with a filter of VNIs': {
    config: {
      type: 'vxlan',
      direct: true,
      vniFilter: [100, { min: 200, max: 210 }, 101],
      mtu: 1450,
      dstport: 4999,
    },
    subnets: inet,
    expect: ({ linkinfo }) => {
      assert.equal([linkinfo?.info_kind, linkinfo?.info_data?.external], ['vxlan', true])
    },
    breaks: {
      'a VNI is missing': ({ name }) =>
        command('bridge', '-n', name, 'vni', 'delete', 'vni', '205', 'dev', 'eth0'),
    },
  },
}

for (const [name, kind] of Object.entries(kinds)) testRoundTrips(name, kind)

test.run()
