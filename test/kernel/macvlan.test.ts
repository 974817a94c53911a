/** macvlan: reachability in each mode, with real packets. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { attach, attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost } from '../harness/host.ts'
import { testIsolation } from '../harness/isolation.ts'
import { addresses, inContainer, link, routes } from '../harness/look.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import type { Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'

await privateHost()
const distant = farHost()

/** Two containers of one network. */
function pair(keys: Record<string, unknown>) {
  return attachTwo(macvlanNetwork(keys))
}

const farAddresses = Object.values(far)

test('bridge: containers reach each other and the far host, but not their own host', async () => {
  const { one, other, end } = await pair({ mode: 'bridge' })
  assert.ok(pings(one, ...other.addresses))
  for (const container of [one, other]) assert.ok(pings(container, ...farAddresses))
  assert.ok(isSilent(one, ...Object.values(near)))
  assert.ok(isSilent(undefined, ...other.addresses))
  await end()
})

testIsolation((mode) => pair({ mode }), distant)

test('source: only frames from listed MAC addresses are accepted', async () => {
  const { address } = link('eth0', distant)
  const listed = macvlanNetwork({ mode: 'source', sourceMacs: ['02:00:5e:10:00:01', address.toUpperCase()] })
  const foreign = macvlanNetwork({ mode: 'source', sourceMacs: ['02:00:5e:10:00:01'] })
  const { one: hearing, other: deaf, end } = await attachTwo(listed, foreign)
  assert.ok(pings(hearing, ...farAddresses))
  assert.ok(pings(distant, ...hearing.addresses))
  assert.ok(isSilent(deaf, ...farAddresses))
  await end()
})

test('passthru: the container has the parent’s MAC address, and no other container can use the parent', async () => {
  const net = macvlanNetwork({ mode: 'passthru' })
  const [one, other] = [newContainer(), newContainer()]
  const { interfaces } = await cnitool.add(net, one)
  assert.is(interfaces[0]?.mac, link('uplink').address)
  assert.ok(pings(one, ...farAddresses))
  for (const mode of ['passthru', 'bridge']) {
    const said = await refusal(cnitool.add(macvlanNetwork({ mode }), other))
    assert.match(said, `macvlan in mode ${mode} cannot sit on uplink`)
    assert.match(said, 'put this network on another parent')
  }
  await cnitool.del(net, one)
  await cnitool.add(net, other)
  await cnitool.del(net, other)
})

test('passthru on a parent with another macvlan is refused', async () => {
  const { end } = await pair({ mode: 'bridge' })
  const said = await refusal(attach(macvlanNetwork({ mode: 'passthru' })))
  assert.match(said, 'passthru needs a parent without other macvlans')
  await end()
})

test('passthru with a MAC address: the parent has it until DEL', async () => {
  const mac = '02:00:5e:10:00:07'
  const before = link('uplink').address
  const net = macvlanNetwork({ mode: 'passthru', mac })
  const container = newContainer()
  const { interfaces } = await cnitool.add(net, container)
  assert.equal([interfaces[0]?.mac, link('uplink').address], [mac, mac])
  assert.ok(pings(container, ...farAddresses))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  assert.is(link('uplink').address, before)
})

for (const mode of ['private', 'vepa', 'bridge', 'passthru', 'source'])
  test(`${mode}: the addresses are announced to the LAN`, async () => {
    const sourceMacs = mode === 'source' ? ['02:00:5e:10:00:01'] : undefined
    const net = macvlanNetwork({ mode, sourceMacs })
    const container = newContainer()
    let result: Result | undefined
    const heard = await overhear('uplink', 'arp or icmp6', async () => {
      result = await cnitool.add(net, container)
    })
    const [ipv4 = '', ipv6 = ''] = addressesOf(result?.ips)
    const mac = result?.interfaces[0]?.mac ?? ''
    const announced = (words: string) => heard.some((line) => line.includes(mac) && line.includes(words))
    assert.ok(announced(`who-has ${ipv4} tell ${ipv4}`), heard.join('\n'))
    assert.ok(announced(`neighbor advertisement, tgt is ${ipv6}`), heard.join('\n'))
    await cnitool.del(net, container)
  })

test('without master, the parent is the interface of the default route', async () => {
  const net = macvlanNetwork({ master: undefined })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link_index, link('uplink').ifindex)
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('without master, the default route with the lower metric counts, and IPv6’s if there is no other', async () => {
  ip('link add other type veth')
  ip('link set other up')
  ip('route add default dev other metric 10')
  ip('route change default via 198.51.100.1 metric 0')
  const net = macvlanNetwork({ master: undefined })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link_index, link('uplink').ifindex)
  await cnitool.del(net, container)
  ip('route delete default dev uplink')
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link_index, link('other').ifindex)
  await cnitool.del(net, container)
  ip('link delete other')
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link_index, link('uplink').ifindex)
  await cnitool.del(net, container)
  ip(`route add default via ${far.ipv4}`)
})

test('the MTU is the parent’s unless a smaller one is configured', async () => {
  ip('link set uplink mtu 1450')
  for (const [mtu, expected] of [
    [0, 1450],
    [undefined, 1450],
    [1280, 1280],
  ]) {
    const net = macvlanNetwork({ mtu })
    const container = newContainer()
    const { interfaces } = await cnitool.add(net, container)
    assert.equal([interfaces[0]?.mtu, link('eth0', container).mtu], [expected, expected])
    await cnitool.del(net, container)
  }
  const said = await refusal(cnitool.add(macvlanNetwork({ mtu: 1451 }), newContainer()))
  assert.match(said, 'mtu: 1451 is more than the 1450 of the parent uplink')
  ip('link set uplink mtu 1500')
})

test('without ipam, addresses that are set in the containers work', async () => {
  const { one, other, end } = await pair({ ipam: undefined })
  assert.equal(other.addresses, [])
  inContainer(one, 'address add 10.93.0.1/24 dev eth0')
  inContainer(other, 'address add 10.93.0.2/24 dev eth0')
  assert.ok(pings(one, '10.93.0.2'))
  await end()
})

test('one container has two macvlans of one parent', async () => {
  const [front, back] = [macvlanNetwork(), macvlanNetwork()]
  const container = newContainer()
  const first = await cnitool.add(front, container, { ifname: 'front' })
  const second = await cnitool.add(back, container, { ifname: 'back' })
  assert.is.not(first.interfaces[0]?.mac, second.interfaces[0]?.mac)
  await cnitool.del(front, container, { ifname: 'front' })
  await cnitool.check(back, container, { ifname: 'back' })
  assert.ok(pings(container, ...farAddresses))
  await cnitool.del(back, container, { ifname: 'back' })
})

test('the result agrees with the kernel', async () => {
  const net = macvlanNetwork()
  const container = newContainer()
  const { interfaces, ips } = await cnitool.add(net, container)
  const { address, mtu } = link('eth0', container)
  assert.equal(interfaces, [{ name: 'eth0', mac: address, mtu, sandbox: container.path }])
  assert.equal(
    ips.map((it) => it.address),
    addresses('eth0', container),
  )
  assert.ok(routes(4, container).includes('198.51.100.0/24'))
  await cnitool.del(net, container)
})

test.run()
