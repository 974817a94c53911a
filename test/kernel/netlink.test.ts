/** The netlink helpers on a real kernel: iproute2 shows what they make. */

import { readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { parseAddress } from '../../shared/ip/address.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import {
  currentNamespace,
  inNamespace,
  type Namespace,
  openNamespace,
} from '../../shared/kernel/namespace.ts'
import { listAddresses, newAddress, removeAddress } from '../../shared/netlink/address.ts'
import {
  changeBridge,
  changeBridgePort,
  newBridge,
  parseBridge,
  parseBridgePort,
} from '../../shared/netlink/bridge.ts'
import { Group, waitFor } from '../../shared/netlink/events.ts'
import {
  changeLink,
  findLink,
  listAliased,
  listLinks,
  listPorts,
  newLink,
  removeLink,
  showLink,
} from '../../shared/netlink/link.ts'
import { listNeighbours, newNeighbour, removeNeighbour } from '../../shared/netlink/neighbour.ts'
import { newPair } from '../../shared/netlink/pair.ts'
import { listRoutes, newRoute, removeRoute } from '../../shared/netlink/route.ts'
import { listRules, newRule, removeRule } from '../../shared/netlink/rule.ts'
import {
  ask,
  closeSocket,
  openSocket,
  openSocketIn,
  Protocol,
  transact,
} from '../../shared/netlink/socket.ts'
import { cidr } from '../harness/address.ts'
import { command, ipJson } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { linksOf } from './netlink-links.ts'

await privateHost()
const socket = openSocket(Protocol.ROUTE)

const link = linksOf(socket)

function caught(action: () => unknown): KernelError {
  try {
    action()
  } catch (error) {
    return error as KernelError
  }
  return assert.unreachable('it should have failed') as never
}

interface IpLink {
  ifname: string
  mtu: number
  address: string
  txqlen: number
  master?: string
  flags: string[]
  linkinfo?: { info_data?: Record<string, unknown>; info_slave_data?: Record<string, unknown> }
}

const show = (name: string, inside = '') => ipJson<IpLink>(`${inside}link show dev ${name}`)[0] as IpLink

test('a bridge is created with its options, as iproute2 shows', () => {
  const options = { stp: true, ageingTime: 120, multicastSnooping: false, groupForwardMask: 0x4000 }
  ask(socket, newBridge('br0', { mac: '02:00:00:00:00:77', mtu: 1400, up: true }, options))
  const { mtu, address, flags, linkinfo } = show('br0')
  assert.is(mtu, 1400)
  assert.is(address, '02:00:00:00:00:77')
  assert.ok(flags.includes('UP'))
  const { stp_state, ageing_time, mcast_snooping, group_fwd_mask } = linkinfo?.info_data ?? {}
  assert.equal([stp_state, ageing_time, mcast_snooping, group_fwd_mask], [1, 12000, 0, '0x4000'])
  assert.equal(parseBridge(link('br0').data ?? Buffer.alloc(0)), { ...options, vlanFiltering: false })
})

test('options of a bridge are changed one by one', () => {
  ask(socket, changeBridge(link('br0'), { ageingTime: 60 }))
  const options = parseBridge(link('br0').data ?? Buffer.alloc(0))
  assert.is(options.ageingTime, 60)
  assert.is(options.stp, true)
})

test('a veth pair is created in one message: one end a port that is up, the other inside a namespace', () => {
  const container = openNamespace(newContainer('inside').path)
  const peer = { name: 'eth0', mac: '02:00:00:00:00:05', mtu: 1300, txqlen: 50, netns: container }
  ask(socket, newPair('veth', { name: 'veth0', master: link('br0'), up: true, mtu: 1300 }, peer))
  assert.is(show('veth0').master, 'br0')
  assert.ok(show('veth0').flags.includes('UP'))
  const { address, mtu, txqlen } = show('eth0', '-n inside ')
  assert.equal([address, mtu, txqlen], ['02:00:00:00:00:05', 1300, 50])
})

test('ports of a kind that the kernel has no driver for are none, although it ignores the filter', () => {
  const bridge = link('br0')
  assert.ok(listPorts(socket, bridge, 'veth').length > 0)
  assert.equal(listPorts(socket, bridge, 'nosuchkind'), [])
})

test('port options are set and read back', () => {
  ask(socket, changeBridgePort(link('veth0'), { hairpin: true, isolated: true }))
  const { hairpin, isolated } = show('veth0').linkinfo?.info_slave_data ?? {}
  assert.equal([hairpin, isolated], [true, true])
  assert.equal(parseBridgePort(link('veth0').portData ?? Buffer.alloc(0)), { hairpin: true, isolated: true })
})

test('sockets opened inside a namespace stay bound to it, and the caller returns to its own namespace', () => {
  const container = openNamespace('/run/netns/inside')
  const inside = openSocketIn(container, Protocol.ROUTE)
  assert.ok(findLink(inside, 'eth0'))
  assert.is(findLink(socket, 'eth0'), undefined)
  closeSocket(inside)
})

test('the command of a request does the same by hand, in the namespace of its socket', () => {
  const container = openNamespace(newContainer('byhand').path)
  const inside = openSocketIn(container, Protocol.ROUTE)
  const byHand = ({ reproduce = '' }: { reproduce?: string }) => command('sh', '-c', reproduce)
  byHand(
    newPair('veth', { name: 'veth7', master: link('br0'), up: true }, { name: 'eth0', netns: container }),
  )
  assert.is(show('veth7').master, 'br0')
  const error = caught(() => ask(inside, newLink({ name: 'eth0', kind: 'bridge' })))
  assert.throws(() => byHand(error), 'File exists')
  const away = { netns: currentNamespace(), name: 'back0', alias: 'a b' }
  const moved = caught(() => ask(inside, changeLink({ name: 'nosuch' }, away)))
  byHand({ reproduce: moved.reproduce?.replace('nosuch', 'eth0') })
  assert.is(show('back0').ifname, 'back0')
  assert.is(
    caught(() => ask(inside, showLink('eth0'))).see,
    'nsenter --net=/run/netns/byhand ip -d link show dev eth0',
  )
  byHand(removeLink({ name: 'back0' }))
  closeSocket(inside)
})

test('a namespace is left when the action inside fails', () => {
  const container = openNamespace('/run/netns/inside')
  const failing = () =>
    inNamespace(container, () => {
      throw new Error('failed inside')
    })
  assert.throws(failing, /failed inside/)
  assert.ok(findLink(openSocket(Protocol.ROUTE), 'br0'), 'a new socket belongs to the host again')
})

test('a namespace that was entered within another one is left for that one', () => {
  const [outer, inner] = ['outer', 'inner'].map((name) => openNamespace(newContainer(name).path))
  const here = () => readlinkSync('/proc/thread-self/ns/net')
  const home = here()
  const seen = inNamespace(outer as Namespace, () => {
    const before = here()
    return [before, inNamespace(inner as Namespace, here), here()]
  })
  assert.is(seen[0], seen[2])
  assert.is(new Set([home, ...seen]).size, 3)
  assert.is(here(), home)
})

test('the links with an alias are found among many, of any kind', () => {
  const names = Array.from({ length: 40 }, (_, number) => `plain${number}`)
  transact(socket, [
    ...names.map((name) => newLink({ name, kind: 'bridge' })),
    changeLink({ name: 'plain7' }, { alias: 'patchbay:a/b/c' }),
  ])
  const expected = listLinks(socket).filter(({ alias }) => alias)
  assert.ok(expected.some(({ name }) => name === 'plain7'))
  assert.equal(
    listAliased(socket),
    expected.map(({ index, name, alias }) => ({ index, name, alias })),
  )
  transact(
    socket,
    names.map((name) => removeLink({ name })),
  )
})

test('addresses of both families are added, listed and deleted', () => {
  const br0 = link('br0')
  const wanted = ['10.1.2.1/24', 'fd01::1/64']
  transact(
    socket,
    wanted.map((text) => newAddress(br0, cidr(text), { nodad: true })),
  )
  const listed = listAddresses(socket, br0).filter(({ scope }) => scope === 0)
  assert.equal(
    listed.map(({ address, prefix }) => ({ address, prefix })),
    wanted.map(cidr),
  )
  assert.not(
    listed.some(({ tentative }) => tentative),
    'nodad',
  )
  const [shown] = ipJson<{ addr_info: { local: string; broadcast?: string }[] }>('address show dev br0')
  assert.is(shown?.addr_info.find(({ local }) => local === '10.1.2.1')?.broadcast, '10.1.2.255')
  ask(socket, removeAddress(br0, cidr('10.1.2.1/24')))
  assert.is(
    listAddresses(socket, br0).some(({ address }) => address.family === 4),
    false,
  )
})

test('routes carry gateway, metrics, priority and table, and two may lead to one destination', () => {
  const br0 = link('br0')
  ask(socket, newAddress(br0, cidr('10.1.2.1/24')))
  const to = { link: br0.index, linkName: 'br0' }
  const special = {
    ...to,
    dst: cidr('10.7.0.0/16'),
    gateway: parseAddress('10.1.2.9'),
    mtu: 1234,
    advmss: 1100,
    priority: 77,
    table: 1000,
  }
  const other = { ...special, gateway: parseAddress('10.1.2.10') }
  transact(socket, [
    newRoute(special),
    newRoute(other),
    newRoute({ ...to, dst: cidr('0.0.0.0/0'), gateway: parseAddress('10.1.2.9') }),
  ])
  const [shown] = ipJson<Record<string, unknown>>('route show table 1000')
  assert.equal([shown?.dst, shown?.gateway, shown?.metric], ['10.7.0.0/16', '10.1.2.9', 77])
  const found = listRoutes(socket, 4).filter(({ table }) => table === 1000)
  assert.is(found.length, 2)
  assert.equal([found[0]?.mtu, found[0]?.advmss], [1234, 1100])
  ask(socket, removeRoute(special))
  assert.is(listRoutes(socket, 4).filter(({ table }) => table === 1000).length, 1)
})

test('a permanent neighbour is added, listed and deleted', () => {
  const br0 = link('br0')
  const wanted = { '10.1.2.77': '02:00:00:00:01:77', 'fd01::77': '02:00:00:00:06:77' }
  for (const [text, mac] of Object.entries(wanted)) {
    const address = parseAddress(text)
    assert.ok(address)
    ask(socket, newNeighbour(br0, address, mac))
    const pinned = () => listNeighbours(socket, br0, address.family).filter(({ permanent }) => permanent)
    assert.equal(pinned(), [{ address, mac, permanent: true }])
    const [shown] = ipJson<{ dst: string; lladdr: string }>(`neighbour show ${text} dev br0`)
    assert.equal([shown?.dst, shown?.lladdr], [text, mac])
    ask(socket, removeNeighbour(br0, address))
    assert.equal(pinned(), [])
    assert.ok(
      isErrno(
        caught(() => ask(socket, removeNeighbour(br0, address))),
        'ENOENT',
      ),
    )
  }
})

test('a rule for a source address is added, listed beside others and deleted', () => {
  for (const [text, table] of [
    ['10.1.2.77', 100],
    ['fd01::77', 70000],
  ] as const) {
    const from = parseAddress(text)
    assert.ok(from)
    const { family } = from
    ask(socket, newRule({ from, table }))
    command('ip', `-${family}`, 'rule', 'add', 'from', text, 'fwmark', '5', 'lookup', '9')
    const [shown] = ipJson<{ src: string; table: string }>(`-${family} rule show table ${table}`)
    assert.equal([shown?.src, shown?.table], [text, String(table)])
    const found = listRules(socket, family)
    const [own, ...others] = found.flatMap(({ source }) => source ?? [])
    assert.equal([own?.from, own?.table, others], [from, table, []])
    assert.ok(found.some((rule) => rule.table === 9) && found.some((rule) => rule.table === 254))
    const again = caught(() => ask(socket, newRule({ from, table, priority: own?.priority ?? 0 })))
    assert.ok(isErrno(again, 'EEXIST'))
    ask(socket, removeRule({ from, table }))
    const gone = caught(() => ask(socket, removeRule({ from, table })))
    assert.ok(isErrno(gone, 'ENOENT'))
    command('ip', `-${family}`, 'rule', 'del', 'fwmark', '5')
  }
})

test('an error has the errno, the kernel’s message and the command that reproduces it', () => {
  const unknown = caught(() => ask(socket, newLink({ name: 'x0', kind: 'nosuchkind' })))
  assert.is(unknown.errno, 'EOPNOTSUPP')
  assert.match(unknown.extack ?? '', /Unknown device type/)
  assert.match(unknown.reproduce ?? '', /^ip link add x0 type nosuchkind/)
})

test('in a batch the failing request is reported, and the others are carried out', () => {
  const br0 = link('br0')
  const good = ['10.3.0.1/24', '10.3.1.1/24'].map((text) => newAddress(br0, cidr(text)))
  const error = caught(() =>
    transact(socket, [good[0], newAddress(br0, cidr('10.1.2.1/24')), good[1]] as never),
  )
  assert.is(error.errno, 'EEXIST')
  assert.match(error.reproduce ?? '', '10.1.2.1/24')
  assert.is(listAddresses(socket, br0).filter(({ address }) => address.family === 4).length, 3)
  assert.is(link('br0').name, 'br0', 'the socket works after an error')
})

test('a thousand links are listed, which come in many datagrams', () => {
  for (let at = 0; at < 250; at++) {
    const names = Array.from({ length: 4 }, (_, index) => `many${at * 4 + index}`)
    transact(
      socket,
      names.map((name) => newBridge(name, {}, {})),
    )
  }
  assert.is(listLinks(socket).filter(({ name }) => name.startsWith('many')).length, 1000)
})

test('a wait ends with the kernel’s notification', async () => {
  ask(socket, newBridge('late', {}, {}))
  const child = (await import('node:child_process')).spawn('sh', ['-c', 'sleep 0.2; ip link set late up'])
  const seen = waitFor(Group.LINK, 20_000, () => (link('late').up ? true : undefined))
  assert.is(seen, true)
  child.kill()
})

test('a wait without a notification ends with its time limit', () => {
  assert.is(
    waitFor(Group.LINK, 50, () => undefined),
    undefined,
  )
})

test('deleting and renaming links works by index and by name', () => {
  ask(socket, changeLink(link('late'), { up: false }))
  ask(socket, changeLink(link('late'), { name: 'early' }))
  assert.is(findLink(socket, 'late'), undefined)
  ask(socket, removeLink({ name: 'early' }))
  assert.ok(
    isErrno(
      caught(() => ask(socket, removeLink({ name: 'early' }))),
      'ENODEV',
    ),
  )
})

test.run()
