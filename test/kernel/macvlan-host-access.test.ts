/** macvlan with hostAccess: host and containers reach each other, without packets on the LAN. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { addressesOf, bare } from '../harness/address.ts'
import { attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip, ipJson } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { faultsOf, pausedAt } from '../harness/faults.ts'
import {
  far,
  farHost,
  type Netns,
  near,
  newContainer,
  privateHost,
  removeContainer,
  setSysctl,
} from '../harness/host.ts'
import { apart, bothWays, ownSources, shimsOf } from '../harness/host-access.ts'
import { addresses, exists, inContainer, link } from '../harness/look.ts'
import { fixed, single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { type Call, call } from '../harness/plugin.ts'
import { testRoundTrips } from '../harness/round-trip.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { overhear, pings, pingsWith } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const distant = farHost()

const shims = () => shimsOf('macvlan')

/** With addresses of the host's LAN by default. */
function accessible(keys: Record<string, unknown> = {}, version?: string): cnitool.Network {
  return macvlanNetwork({ hostAccess: true, ...keys }, version)
}

for (const [where, keys] of Object.entries({ 'on the host’s LAN': {}, 'in subnets apart': apart }))
  for (const filter of [0, 1])
    test(`a container ${where} and the host reach each other, with rp_filter ${filter}`, async () => {
      setSysctl('net/ipv4/conf/all/rp_filter', filter)
      const container = newContainer()
      const net = accessible(keys)
      const { ips } = await cnitool.add(net, container)
      bothWays(container, ips)
      await cnitool.check(net, container)
      await cnitool.del(net, container)
      setSysctl('net/ipv4/conf/all/rp_filter', 0)
    })

test('the host sends from the parent’s address, and the container from its own', async () => {
  const container = newContainer()
  const net = accessible()
  const { ips } = await cnitool.add(net, container)
  await ownSources(container, ips)
  await cnitool.del(net, container)
})

test('neighbour entries are set, so that no ARP or ND packet is on the LAN', async () => {
  const container = newContainer()
  const net = accessible()
  const { ips } = await cnitool.add(net, container)
  const heard = await overhear('eth0', 'arp or icmp6', () => bothWays(container, ips), distant)
  const asked = heard.filter((line) => /who-has|solicitation, who/.test(line))
  assert.equal(
    asked.filter((line) => addressesOf(ips).some((address) => line.includes(address))),
    [],
  )
  await cnitool.del(net, container)
})

test('the result names the shim, which is up and has no address', async () => {
  const container = newContainer()
  const net = accessible()
  const { interfaces, ips } = await cnitool.add(net, container)
  const [eth0, shim] = interfaces
  assert.is(eth0?.name, 'eth0')
  assert.equal([shim?.name], shims())
  assert.is(shim?.mac, link(shim?.name ?? '').address)
  assert.is(shim?.sandbox, undefined)
  assert.equal(
    ips.map((it) => it.interface),
    [0, 0],
  )
  const [found] = ipJson<{ addr_info: unknown[] }>(`address show dev ${shim?.name}`)
  assert.equal(found?.addr_info, [])
  await cnitool.del(net, container)
})

test('the shim does not answer ARP for the host’s address, as the kernel’s defaults would (ARP flux)', async () => {
  const container = newContainer()
  const net = accessible()
  await cnitool.add(net, container)
  const [shim = ''] = shims()
  const replies = async () => {
    inContainer(distant, `neighbour flush dev eth0`)
    const heard = await overhear('eth0', 'arp', () => pings(distant, near.ipv4), distant)
    const owners = heard.flatMap(
      (line) => new RegExp(`${near.ipv4} is-at ([0-9a-f:]+)`).exec(line)?.[1] ?? [],
    )
    return [...new Set(owners)]
  }
  assert.equal(await replies(), [link('uplink').address])
  setSysctl(`net/ipv4/conf/${shim}/arp_ignore`, 0)
  // The kernel gives a macvlan its broadcasts later.
  await until('the shim answers, too', async () => (await replies()).includes(link(shim).address))
  await cnitool.del(net, container)
})

test('the second container shares the shim, and DEL of the last removes it', async () => {
  const before = snapshot()
  const net = accessible()
  const [one, other] = [newContainer(), newContainer()]
  const first = await cnitool.add(net, one)
  const beside = snapshot()
  const second = await cnitool.add(net, other)
  assert.is(shims().length, 1)
  bothWays(other, second.ips)
  await cnitool.del(net, other)
  unchanged(beside)
  bothWays(one, first.ips)
  await cnitool.check(net, one)
  await cnitool.del(net, one)
  unchanged(before)
})

test('each network has its own shim, removed with its last container', async () => {
  const { one, other } = await attachTwo(accessible(), accessible(apart))
  assert.is(new Set(shims()).size, 2)
  await one.del()
  await other.check()
  await other.del()
  assert.equal(shims(), [])
})

test('DEL with the namespace deleted, and DEL without prevResult, leave nothing', async () => {
  const before = snapshot()
  const net = accessible()
  for (const gone of [true, false]) {
    const container = newContainer()
    await call({ verb: 'ADD', config: single(net), netns: container.path })
    if (gone) removeContainer(container)
    const { status } = await call({ verb: 'DEL', config: single(net), netns: gone ? '' : container.path })
    assert.is(status, 0)
    unchanged(before)
  }
})

test('DEL with parent and shim deleted leaves nothing', async () => {
  const before = snapshot()
  ip('link add nic type veth')
  ip('link set nic up')
  const net = accessible({ master: 'nic', ...apart })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.is(shims().length, 1)
  ip('link delete nic')
  await cnitool.del(net, container)
  unchanged(before)
})

test('GC removes the routes to stale containers, and the shim with the last', async () => {
  const config = single(accessible({}, '1.1.0'))
  const before = snapshot()
  const [valid, stale] = [newContainer(), newContainer()]
  const { json } = await call({ verb: 'ADD', config, containerID: 'valid', netns: valid.path })
  const beside = snapshot()
  await call({ verb: 'ADD', config, containerID: 'stale', netns: stale.path })
  const gc = async (...left: string[]) => {
    const attachments = left.map((containerID) => ({ containerID, ifname: 'eth0' }))
    const answer = await call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': attachments } })
    assert.is(answer.status, 0)
  }
  await gc('valid')
  unchanged(beside)
  bothWays(valid, json?.ips as { address: string }[])
  await gc()
  unchanged(before)
})

test('a container with a smaller MTU gets large packets as fragments', async () => {
  const container = newContainer()
  const net = accessible({ mtu: 1280 })
  const { ips } = await cnitool.add(net, container)
  for (const address of addressesOf(ips)) assert.ok(pingsWith(['-s', '1400'], undefined, address), address)
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('a host without IPv6 on the parent: IPv4 works, with a warning', async () => {
  ip('link add nic type veth peer name nic-far')
  ip('address add 192.0.2.1/24 dev nic')
  for (const name of ['nic', 'nic-far']) ip(`link set ${name} up`)
  ip(`-6 route delete default`)
  const config = single(accessible({ master: 'nic', ...apart }))
  const container = newContainer()
  const { status, json, stderr } = await call({ verb: 'ADD', config, netns: container.path })
  assert.is(status, 0)
  assert.match(stderr, 'the host has no IPv6 address that containers could reach')
  const [ipv4 = ''] = addressesOf(json?.ips as { address: string }[])
  assert.ok(pings(undefined, ipv4))
  assert.ok(pings(container, '192.0.2.1'))
  await call({ verb: 'DEL', config, netns: container.path })
  ip(`-6 route add default via ${far.ipv6}`)
  ip('link delete nic')
})

test('a parent without an address: the host sends from the address of its default route', async () => {
  ip('link add nic type veth peer name nic-far')
  for (const name of ['nic', 'nic-far']) ip(`link set ${name} up`)
  const net = accessible({ master: 'nic', ...apart })
  const container = newContainer()
  const { ips } = await cnitool.add(net, container)
  bothWays(container, ips)
  await cnitool.del(net, container)
  ip('link delete nic')
})

test('an address that the host has a route to is refused, and the route stays', async () => {
  const before = snapshot()
  const address = '10.61.0.5/24'
  const net = accessible({ ipam: fixed(address) })
  const [one, other] = [newContainer(), newContainer()]
  const { ips } = await cnitool.add(net, one)
  const beside = snapshot()
  const said = await refusal(cnitool.add(net, other))
  assert.match(said, 'hostAccess: the host has a route to 10.61.0.5/32 already')
  assert.match(said, 'ip route show 10.61.0.5/32')
  unchanged(beside)
  assert.not.ok(exists('eth0', other))
  assert.equal(addresses('eth0', one), [address])
  assert.ok(pings(undefined, addressesOf(ips)[0] ?? ''))
  await cnitool.check(net, one)
  await cnitool.del(net, one)
  unchanged(before)
})

test('20 parallel ADDs make one shim, and 20 parallel DELs remove it', async () => {
  const net = accessible(apart)
  const before = snapshot()
  const containers = Array.from({ length: 20 }, () => newContainer())
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  assert.is(shims().length, 1)
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  for (const { ips } of results.slice(-2))
    for (const address of addressesOf(ips)) assert.ok(pings(undefined, address))
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  unchanged(before)
})

test('containers that are attached while others are detached keep their shim', async () => {
  const net = accessible(apart)
  const before = snapshot()
  const churn = async () => {
    const container = newContainer()
    for (let round = 0; round < 5; round++) {
      const { ips } = await cnitool.add(net, container)
      await cnitool.check(net, container)
      assert.ok(pings(undefined, addressesOf(ips)[0] ?? ''))
      await cnitool.del(net, container)
    }
  }
  await Promise.all([churn(), churn(), churn(), churn()])
  unchanged(before)
})

testRoundTrips('macvlan with hostAccess', {
  config: { type: 'macvlan', master: 'uplink', hostAccess: true },
  subnets: ['10.62.0.0/24', 'fd62::/64'],
  expect: ({ linkinfo }) => assert.is(linkinfo?.info_data?.mode, 'bridge'),
  breaks: {
    'the shim is gone': () => ip(`link delete ${shims()[0]}`),
    'the shim is down': () => ip(`link set ${shims()[0]} down`),
    'the host has no route to the container': (container) => ip(`route delete ${own(container, 4)}`),
    'the host has no IPv6 route to the container': (container) => ip(`-6 route delete ${own(container, 6)}`),
    'the host does not know the container’s MAC address': (container) =>
      ip(`neighbour delete ${own(container, 4)} dev ${shims()[0]}`),
    'the host knows another MAC address': (container) =>
      ip(`neighbour replace ${own(container, 6)} lladdr 02:00:5e:10:00:01 dev ${shims()[0]} nud permanent`),
    'the container has no route to the host': (container) =>
      inContainer(container, `route delete ${near.ipv4}`),
    'the container does not know the host’s MAC address': (container) =>
      inContainer(container, `neighbour delete ${near.ipv6} dev eth0`),
  },
})

function own(container: Netns, family: 4 | 6): string {
  return bare(addresses('eth0', container).find((cidr) => cidr.includes(':') === (family === 6)))
}

test('an ADD whose shim a DEL deletes meanwhile says so, with code 11, and leaves nothing', async () => {
  const attachment = { config: single(accessible()), netns: newContainer().path, containerID: 'raced' }
  const request = (verb: Call['verb']): Call => ({ verb, ...attachment })
  const faults = (await faultsOf(request('ADD'))).filter(({ syscall }) => syscall === 'sendto')
  await call(request('DEL'))
  const before = snapshot()
  const codes = new Set<unknown>()
  for (const fault of faults) {
    const paused = await pausedAt(request('ADD'), fault)
    // Until it has its alias, ADD holds the lock that DEL needs.
    const [shim] = shims().filter((name) => ip(`link show ${name}`).includes('alias patchbay'))
    if (shim) ip(`link delete ${shim}`)
    const answer = 'resume' in paused ? await paused.resume() : paused
    if (shim) codes.add(answer.json?.code)
    await call(request('DEL'))
  }
  // Without a code the ADD was past its last use of the shim.
  assert.equal([...codes].sort(), [11, undefined])
  unchanged(before)
})

test.run()
