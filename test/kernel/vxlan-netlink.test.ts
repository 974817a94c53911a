/** The netlink helpers for VXLAN on a real kernel: iproute2 shows what they make. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { changeFeatures, listFeatures } from '../../shared/netlink/ethtool.ts'
import { listFloodEntries, newFloodEntry, removeFloodEntry } from '../../shared/netlink/fdb.ts'
import { findLink, type Link, listPorts } from '../../shared/netlink/link.ts'
import { findPath } from '../../shared/netlink/path.ts'
import { ask, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { listVnis, newVniRange } from '../../shared/netlink/vni.ts'
import { changeVxlan, newVxlan, parseVxlan, type VxlanOptions } from '../../shared/netlink/vxlan.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { link as show } from '../harness/look.ts'
import { test } from '../harness/test.ts'

await privateHost()
const socket = openSocket(Protocol.ROUTE)
const generic = openSocket(Protocol.GENERIC)

ip('link add under0 type veth peer name under1')
for (const words of ['192.0.2.1/24 dev under0', '2001:db8::1/64 dev under0 nodad']) ip(`address add ${words}`)
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)

const plain: VxlanOptions = {
  vni: 100,
  dstport: 4789,
  ttl: 0,
  tos: 0,
  df: 'unset',
  learning: true,
  ageing: 300,
  proxy: false,
  l2miss: false,
  l3miss: false,
  udpCsum: true,
  udp6ZeroCsumTx: false,
  udp6ZeroCsumRx: false,
  external: false,
}

let made = 0

function find(name: string): Link {
  const link = findLink(socket, name)
  assert.ok(link, name)
  return link
}

function make(options: Partial<VxlanOptions>, family: 4 | 6 = 4): Link {
  const name = `vx${++made}`
  ask(socket, newVxlan({ name }, { ...plain, vni: made, ...options }, family))
  return find(name)
}

function address(text: string): Address {
  const parsed = parseAddress(text)
  assert.ok(parsed)
  return parsed
}

function info(link: Link): Record<string, unknown> {
  return show(link.name).linkinfo?.info_data ?? {}
}

test('every option is set as iproute2 shows it, and read back', () => {
  const options = {
    local: '192.0.2.1',
    dev: find('under0').index,
    dstport: 4790,
    sourcePorts: { min: 40000, max: 40100 },
    ttl: 9,
    tos: 8,
    df: 'set',
    learning: false,
    ageing: 77,
    proxy: true,
    l2miss: true,
    l3miss: true,
    udpCsum: false,
    udp6ZeroCsumTx: true,
    udp6ZeroCsumRx: true,
  } as const
  const link = make(options)
  const found = info(link)
  const said = [found.local, found.link, found.port, found.ttl, found.tos, found.df, found.ageing]
  assert.equal(said, ['192.0.2.1', 'under0', 4790, 9, '0x8', 'set', 77])
  assert.equal(found.port_range, { low: 40000, high: 40100 })
  const switches = [
    'learning',
    'proxy',
    'l2miss',
    'l3miss',
    'udp_csum',
    'udp_zero_csum6_tx',
    'udp_zero_csum6_rx',
  ]
  assert.equal(
    switches.map((name) => found[name] ?? false),
    [false, true, true, true, false, true, true],
  )
  assert.equal(parseVxlan(link.data ?? Buffer.alloc(0)), {
    ...plain,
    vni: made,
    group: undefined,
    ...options,
  })
})

test('ttl and tos can be inherited, and VNI 0 works like any other', () => {
  const link = make({ vni: 0, ttl: 'inherit', tos: 'inherit' })
  const { vni, ttl, tos } = parseVxlan(link.data ?? Buffer.alloc(0))
  assert.equal([vni, ttl, tos], [0, 'inherit', 'inherit'])
  assert.match(ip(`-d link show ${link.name}`), 'ttl inherit')
})

test('a group, and an underlay of IPv6 without any address', () => {
  const dev = find('under0').index
  const group = make({ group: '239.1.1.1', dev })
  assert.equal(
    [info(group).group, parseVxlan(group.data ?? Buffer.alloc(0)).group],
    ['239.1.1.1', '239.1.1.1'],
  )
  const six = make({}, 6)
  ask(socket, newFloodEntry(six, { dst: '2001:db8::2' }))
  assert.equal(listFloodEntries(socket, six), [{ dst: '2001:db8::2', via: undefined }])
})

test('changeable options are changed', () => {
  const link = make({ ttl: 3 })
  const change = { ttl: 9, tos: 'inherit', df: 'inherit', learning: false, ageing: 60 } as const
  ask(socket, changeVxlan(link, change))
  assert.equal(parseVxlan(find(link.name).data ?? Buffer.alloc(0)), {
    ...parseVxlan(link.data ?? Buffer.alloc(0)),
    ...change,
  })
})

test('several remotes are added, listed, and deleted one by one', () => {
  const link = make({})
  const via = find('under0').index
  const [one, two] = [
    { dst: '192.0.2.2', via: undefined },
    { dst: '192.0.2.3', via },
  ]
  for (const entry of [one, two]) ask(socket, newFloodEntry(link, entry))
  assert.equal(listFloodEntries(socket, link), [one, two])
  assert.match(command('bridge', 'fdb', 'show', 'dev', link.name), '192.0.2.3 via under0 self permanent')
  ask(socket, removeFloodEntry(link, two))
  assert.equal(listFloodEntries(socket, link), [one])
})

test('a VTEP in external mode accepts the VNIs of its filter', () => {
  const link = make({ external: true, dstport: 4999 })
  for (const range of [
    { min: 7, max: 7 },
    { min: 100, max: 110 },
  ])
    ask(socket, newVniRange(link, range))
  assert.equal(listVnis(socket, link), [
    { min: 7, max: 7 },
    { min: 100, max: 110 },
  ])
  assert.ok(parseVxlan(link.data ?? Buffer.alloc(0)).external)
  assert.match(command('bridge', 'vni', 'show', 'dev', link.name), '100-110')
})

test('features are switched off and on', () => {
  const link = make({})
  const names = ['tx-generic-segmentation', 'rx-gro', 'tx-checksum-ip-generic']
  const on = () => names.filter((name) => listFeatures(generic, link).has(name))
  assert.equal(on(), names)
  changeFeatures(generic, link, { 'tx-generic-segmentation': false, 'rx-gro': false })
  assert.equal(on(), ['tx-checksum-ip-generic'])
  changeFeatures(generic, link, { 'rx-gro': true, 'tx-checksum-ip-generic': false })
  assert.equal(on(), ['rx-gro'])
})

test('the route to an address: link, MTU of the route, local addresses, none', () => {
  const under = find('under0')
  ip('route add 198.51.100.0/24 via 192.0.2.2 mtu 1400')
  ip('route add unreachable 203.0.113.0/24')
  assert.equal(findPath(socket, address('192.0.2.2')), { link: under.index, mtu: undefined, isLocal: false })
  assert.equal(findPath(socket, address('198.51.100.7'))?.mtu, 1400)
  assert.ok(findPath(socket, address('192.0.2.1'))?.isLocal)
  assert.ok(findPath(socket, address('2001:db8::1'))?.isLocal)
  assert.equal(findPath(socket, address('2001:db8::2'), { link: under })?.link, under.index)
  for (const nowhere of ['10.255.0.1', '203.0.113.1', '2001:db8:ffff::1'])
    assert.is(findPath(socket, address(nowhere)), undefined, nowhere)
})

test('the ports of a bridge are listed', () => {
  ip('link add br0 type bridge')
  assert.equal(listPorts(socket, find('br0')), [])
  const port = make({})
  ip(`link set ${port.name} master br0`)
  assert.equal(
    listPorts(socket, find('br0')).map(({ name }) => name),
    [port.name],
  )
})

test.run()
