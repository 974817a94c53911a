/** dhcp on the kinds of interfaces that only a guest's kernel has. */
// needs: link ipvlan, link vlan, link bond, link vrf, link dummy
// packages: dnsmasq-base
// unpacked: kea-dhcp6-server, radvd

import * as assert from 'uvu/assert'
import { attach, attachTwo, refused } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { lives, router, servedSegment, testRefusedKinds } from '../harness/dhcp-life.ts'
import { radvdOn } from '../harness/dhcp-radvd.ts'
import { station } from '../harness/dhcp-segment.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings, pingsWith } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const { lan, server, ear } = await servedSegment()
const ipam = { type: 'dhcp', timeout: 60 }

test('ipvlan: two containers with one MAC address have two leases, by broadcast and client identifier', async () => {
  const before = snapshot()
  const net = network('lan', { type: 'ipvlan', master: lan.nic, ipam })
  const [one, other] = [await attach(net), await attach(net)]
  assert.is(link('eth0', one).address, link('eth0', other).address)
  assert.not.equal(one.addresses, other.addresses)
  const leases = server.leases()
  assert.is(new Set(leases.map(({ clientId }) => clientId)).size, 2)
  assert.is(new Set(leases.map(({ mac }) => mac)).size, 1)
  const asked = ear.dhcp().filter(({ type }) => type === 'DISCOVER' || type === 'REQUEST')
  assert.ok(asked.every(({ isBroadcast }) => isBroadcast))
  for (const guest of [one, other]) {
    assert.ok(pings(guest, router))
    await guest.check()
    await guest.del()
  }
  await until('both are given back', () => server.leases().length === 0)
  unchanged(before)
})

test('vlan: the server of the VLAN gives the address', async () => {
  for (const words of ['lan vlan_filtering 1', 'lan vlan_default_pvid 1'])
    ip(`-n ${lan.hub.name} link set dev ${words.replace(' ', ' type bridge ')}`)
  for (const [port, flags] of [
    ['host', ''],
    ['server', 'pvid untagged'],
  ])
    ip(`netns exec ${lan.hub.name} bridge vlan add dev ${port} vid 7 ${flags}`)
  await lives(server, [{ type: 'vlan', master: lan.nic, vlanId: 7, ipam }])
  ip(`netns exec ${lan.hub.name} bridge vlan add dev server vid 1 pvid untagged`)
})

test('bond: of two NICs that are lent, which come back', async () => {
  for (const name of ['nic1', 'nic2']) {
    ip(`link add ${name} type veth peer name ${name} netns ${lan.hub.name}`)
    ip(`-n ${lan.hub.name} link set ${name} master lan up`)
  }
  const links = [{ name: 'nic1' }, { name: 'nic2' }]
  await lives(server, [{ type: 'bond', mode: 'active-backup', miimon: 100, links, ipam }], {
    look: (container) => assert.is(link('eth0', container).mtu, 1400),
  })
  for (const name of ['nic1', 'nic2']) assert.is(link(name).mtu, 1500)
})

test('vrf: the routes of the server are in its table', () =>
  lives(
    server,
    [
      { type: 'macvlan', master: lan.nic, ipam },
      { type: 'vrf', vrfname: 'blue' },
    ],
    {
      pings: (container) => pingsWith(['-I', 'blue'], container, router),
      look: (container) => {
        const there = inContainer(container, 'route show vrf blue')
        assert.ok(there.includes(`default via ${router} dev eth0`), there)
      },
    },
  ))

testRefusedKinds([
  ['ipvtap', 'the guest asks for its address itself: leave ipam out', { master: lan.nic }],
  ['ipvlan', 'mode l3: DHCP needs broadcasts', { master: lan.nic, mode: 'l3' }],
  ['dummy', 'drops all frames', {}],
])

test('an ipvlan in mode l3 that another plugin has made is refused by dhcp itself', async () => {
  const container = newContainer()
  ip(`link add eth7 netns ${container.name} link eth0 type ipvlan mode l3`)
  const config = { name: 'lan', cniVersion: '1.0.0', type: 'dhcp', ipam }
  const { code, said } = await refused({ config, ifname: 'eth7', netns: container.path }, container)
  assert.is(code, 7)
  assert.ok(said.includes('eth7 is an ipvlan in mode l3, which no broadcast passes: use mode l2'), said)
  inContainer(container, 'link delete eth7')
})

test('ipvlan with IPv6: of one MAC address the kernel makes two addresses of the prefix, and the server gives two', async () => {
  const at = station(lan, 'router6', 'fd00:1::1/64')
  await radvdOn(at, { prefixes: ['fd00:1::/64'] })
  const pool = 'fd00:1::100-fd00:1::10f'
  const server6 = await keaOn(at, { subnet: 'fd00:1::/64', pool, times: [60, 30, 45] })
  const six = { type: 'dhcp', ipv4: false, ipv6: 'both' }
  const net = network('lan', { type: 'ipvlan', master: lan.nic, ipam: six })
  const { one, other, end } = await attachTwo(net)
  const own = [...one.addresses, ...other.addresses]
  assert.is(new Set(own).size, 4, own.join())
  for (const container of [one, other]) assert.ok(pings(container, 'fd00:1::1'))
  assert.is(server6.leases().length, 2)
  await end()
  await until('the server has its addresses back', () => server6.leases().length === 0)
})

test.run()
