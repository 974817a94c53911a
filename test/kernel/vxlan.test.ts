/** vxlan: containers on several hosts reach each other over the underlay, those of other VNIs do not, and nothing is left. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import { command, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists, inContainer, link } from '../harness/look.ts'
import { attach, attachment, callOn, detach, newHost, remotesOf } from '../harness/overlay.ts'
import { snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, mirrorIn, overhear, pings } from '../harness/traffic.ts'

await privateHost()

const [one, two, three] = [newHost(), newHost(), newHost()]
const [big, bigger] = [newHost(9000), newHost(9000)]

let vni = 100

/** A network with its own VNI, as configured on a host. */
function overlay(keys: Record<string, unknown>, name = 'blue') {
  return { type: 'vxlan', name, vni, ...keys }
}

/** Whether a packet that must not be fragmented is answered; the size is that of the IPv4 packet in bytes. */
function carries(from: Netns, to: string, bytes: number): boolean {
  const size = String(bytes - 28)
  return succeeds(
    ...([
      'ip',
      'netns',
      'exec',
      from.name,
      'ping',
      '-n',
      '-c',
      '3',
      '-W',
      '5',
      '-M',
      'do',
      '-s',
      size,
      to,
    ] as const),
  )
}

/** Asserts that a packet of the MTU passes, and one with a byte more does not. */
function assertMtu(from: Netns, to: string, mtu: number): void {
  assert.ok(carries(from, to, mtu), `${mtu} bytes`)
  assert.not.ok(carries(from, to, mtu + 1), `${mtu + 1} bytes`)
}

const remotes = (host: Netns, vtep = `vx${vni}`) => remotesOf(host, vtep)

test.before.each(() => {
  vni++
})

test('one remote each: two hosts, default MTU, both families inside', async () => {
  const here = await attach(one, overlay({ remote: two.ipv4 }), '10.0.0.1/24', 'fd00::1/64')
  const there = await attach(two, overlay({ remote: one.ipv4 }), '10.0.0.2/24', 'fd00::2/64')
  for (const address of ['10.0.0.2', 'fd00::2']) assert.ok(pings(here.container, address), address)
  assert.ok(pings(there.container, '10.0.0.1'))
  assertMtu(here.container, '10.0.0.2', 1450)
  assert.equal(
    here.result.interfaces.map(({ name, mtu }) => [name.replace(/^veth.*/, 'veth'), mtu]),
    [
      [`vx${vni}`, 1450],
      [`vxbr${vni}`, undefined],
      ['veth', 1450],
      ['eth0', 1450],
    ],
  )
})

test('one list on three hosts: all containers reach each other, also those of one host', async () => {
  const config = overlay({ remotes: [one, two, three].map(({ ipv4 }) => ipv4) })
  const containers = [
    await attach(one, config, '10.0.0.1/24'),
    await attach(one, config, '10.0.0.2/24'),
    await attach(two, config, '10.0.0.3/24'),
    await attach(three, config, '10.0.0.4/24'),
  ]
  for (const [index, { container }] of containers.entries())
    for (const number of [1, 2, 3, 4])
      if (number !== index + 1) assert.ok(pings(container, `10.0.0.${number}`), `${index + 1} to ${number}`)
  assert.equal(remotes(one), [two.ipv4, three.ipv4])
  assert.equal(remotes(three), [one.ipv4, two.ipv4])
})

test('a multicast group: hosts without a list of remotes find each other', async () => {
  const config = overlay({ group: '239.1.1.1', dev: 'eth0' })
  const { container } = await attach(one, config, '10.0.0.1/24')
  await attach(two, config, '10.0.0.2/24')
  await attach(three, config, '10.0.0.3/24')
  for (const to of ['10.0.0.2', '10.0.0.3']) assert.ok(pings(container, to), to)
})

test('a multicast group on an underlay of IPv6', async () => {
  const config = overlay({ group: 'ff05::100', dev: 'eth0' })
  const { container } = await attach(one, config, '10.0.0.1/24')
  await attach(two, config, '10.0.0.2/24')
  assert.ok(pings(container, '10.0.0.2'))
  assertMtu(container, '10.0.0.2', 1430)
})

test('direct: the VTEP is in the container, its socket on the host; it reaches a bridged one on another host', async () => {
  for (const keys of [{ dev: 'eth0' }, {}]) {
    vni++
    const direct = overlay({ direct: true, remote: two.ipv4, ...keys })
    const here = await attach(one, direct, '10.0.0.1/24')
    const there = await attach(two, overlay({ remote: one.ipv4 }), '10.0.0.2/24')
    assert.is(link('eth0', here.container).linkinfo?.info_kind, 'vxlan')
    assert.not.ok(exists(`vx${vni}`, one) || exists(`vxbr${vni}`, one))
    assert.ok(pings(here.container, '10.0.0.2') && pings(there.container, '10.0.0.1'))
    assertMtu(here.container, '10.0.0.2', 1450)
    await detach(one, direct, here.container)
    assert.not.ok(exists('eth0', here.container))
  }
})

test('direct is for one container: a second one is refused with the holder of the VNI, and leaves nothing', async () => {
  const config = overlay({ direct: true, remote: two.ipv4 })
  const { container } = await attach(one, config, '10.0.0.1/24')
  const before = snapshotOf(one.name)
  const { json } = await callOn(one, attachment('ADD', config, newContainer()))
  assert.is(json?.code, 7)
  assert.match(
    String(json?.msg),
    `VNI ${vni} is in use on this host at UDP port 4789, by a VTEP in a container`,
  )
  unchanged(before, () => snapshotOf(one.name))
  removeContainer(container)
})

test('direct with a filter: routes choose the VNI, and other VNIs are not accepted', async () => {
  const keys = { vni: undefined, direct: true, dstport: 4999, mtu: 1450 }
  const here = await attach(one, overlay({ ...keys, vniFilter: [{ min: 100, max: 101 }] }), '10.0.0.1/24')
  const there = await attach(two, overlay({ ...keys, vniFilter: [100] }), '10.0.0.2/24')
  const route = (from: Netns, to: string, id: number, dst: string) =>
    inContainer(from, `route replace ${to}/32 encap ip id ${id} dst ${dst} dev eth0`)
  const mac = (of: Netns) => link('eth0', of).address
  inContainer(here.container, `neighbour add 10.0.0.2 lladdr ${mac(there.container)} dev eth0`)
  inContainer(there.container, `neighbour add 10.0.0.1 lladdr ${mac(here.container)} dev eth0`)
  route(there.container, '10.0.0.1', 100, one.ipv4)
  route(here.container, '10.0.0.2', 100, two.ipv4)
  assert.ok(pings(here.container, '10.0.0.2'), 'VNI 100')
  route(here.container, '10.0.0.2', 101, two.ipv4)
  assert.ok(isSilent(here.container, '10.0.0.2'), 'VNI 101')
})

test('IPv6 underlays and jumbo frames determine the MTU', async () => {
  const six = await attach(one, overlay({ remotes: [two.ipv6] }), '10.0.0.1/24')
  await attach(two, overlay({ remotes: [one.ipv6], local: two.ipv6 }), '10.0.0.2/24')
  assert.ok(pings(six.container, '10.0.0.2'))
  assertMtu(six.container, '10.0.0.2', 1430)
  vni++
  const { container, result } = await attach(big, overlay({ remote: bigger.ipv4 }), '10.0.0.1/24')
  await attach(bigger, overlay({ remote: big.ipv4 }), '10.0.0.2/24')
  assert.is(result.interfaces.at(-1)?.mtu, 8950)
  assertMtu(container, '10.0.0.2', 8950)
})

test('the path with the smallest MTU counts, also that of a route', async () => {
  inContainer(big, `route add ${three.ipv4} dev eth0 mtu 1400`)
  const config = overlay({ remotes: [bigger.ipv4, three.ipv4] })
  const { result } = await attach(big, config, '10.0.0.1/24')
  inContainer(big, `route delete ${three.ipv4} dev eth0 mtu 1400`)
  assert.is(result.interfaces.at(-1)?.mtu, 1350)
})

test('containers do not reach those of another VNI, on one host or two', async () => {
  const list = { remotes: [one.ipv4, two.ipv4] }
  const [blue, red] = [overlay(list, 'blue'), overlay({ ...list, vni: vni + 1000 }, 'red')]
  const here = await attach(one, blue, '10.0.0.1/24')
  await attach(one, red, '10.0.0.2/24')
  await attach(two, red, '10.0.0.3/24')
  await attach(two, blue, '10.0.0.4/24')
  assert.ok(pings(here.container, '10.0.0.4'))
  for (const other of ['10.0.0.2', '10.0.0.3']) assert.ok(isSilent(here.container, other), other)
})

test('without learning, frames to one container go to all remotes, and no FDB entry is learnt', async () => {
  const config = overlay({ remotes: [one.ipv4, two.ipv4, three.ipv4], learning: false })
  const here = await attach(one, config, '10.0.0.1/24')
  await attach(two, config, '10.0.0.2/24')
  assert.ok(pings(here.container, '10.0.0.2'))
  const mac = (name: string) => command('bridge', '-n', one.name, 'fdb', 'show', 'dev', name)
  assert.is(mac(`vx${vni}`).match(/^(?!00:00:00:00:00:00).* dst /gm), null)
  vni++
  const learning = overlay({ remotes: [one.ipv4, two.ipv4, three.ipv4] })
  const there = await attach(one, learning, '10.0.0.1/24')
  await attach(two, learning, '10.0.0.2/24')
  assert.ok(pings(there.container, '10.0.0.2'))
  assert.match(mac(`vx${vni}`), new RegExp(`^(?!00:00:00:00:00:00).* dst ${two.ipv4}`, 'm'))
})

test('large sends leave the VTEP whole with gso, and in packets of its MTU without', async () => {
  for (const gso of [true, false]) {
    vni++
    const here = await attach(one, overlay({ remote: two.ipv4, gso }), '10.0.0.1/24')
    const there = await attach(two, overlay({ remote: one.ipv4 }), '10.0.0.2/24')
    assert.ok(pings(here.container, '10.0.0.2'))
    const server = await mirrorIn(there.container)
    const send = 'head -c 60000 /dev/zero > /dev/tcp/10.0.0.2/7000'
    const seen = await overhear('eth0', 'udp dst port 4789', () => bashIn(here.container, send), one)
    server.stop()
    const frames = seen.flatMap((line) => / length (\d+): 192\.0\.2\./.exec(line)?.[1] ?? []).map(Number)
    assert.is(Math.max(...frames) > 1514, gso, `${frames}`)
  }
})

/** The server closes the connection while the client still sends: no failure. */
function bashIn({ name }: Netns, script: string): void {
  succeeds('ip', 'netns', 'exec', name, 'bash', '-c', script)
}

test('only DEL of the last container removes bridge and VTEP', async () => {
  const config = overlay({ remote: two.ipv4 })
  const before = snapshotOf(one.name)
  const [first, second] = [await attach(one, config, '10.0.0.1/24'), await attach(one, config, '10.0.0.3/24')]
  await attach(two, overlay({ remote: one.ipv4 }), '10.0.0.2/24')
  await detach(one, config, first.container)
  await detach(one, config, first.container)
  assert.ok(pings(second.container, '10.0.0.2'))
  await detach(one, config, second.container)
  await detach(one, config, second.container)
  unchanged(before, () => snapshotOf(one.name))
})

test('a bridge of the operator stays, and so does its VTEP while another port uses it', async () => {
  const config = overlay({ remote: two.ipv4, bridge: `own${vni}` })
  inContainer(one, `link add own${vni} type bridge`)
  const first = await attach(one, config, '10.0.0.1/24')
  await detach(one, config, first.container)
  assert.equal([exists(`own${vni}`, one), exists(`vx${vni}`, one)], [true, false])
  const second = await attach(one, config, '10.0.0.1/24')
  inContainer(one, `link add tap${vni} type veth`)
  inContainer(one, `link set tap${vni} master own${vni}`)
  await detach(one, config, second.container)
  assert.ok(exists(`vx${vni}`, one))
})

test.run()
