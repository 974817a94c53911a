/** dhcp on the kinds of interfaces that this kernel has; dhcp-kinds-guest.test.ts has the others. */
// needs: link macvtap
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { lives, router, servedSegment, testRefusedKinds } from '../harness/dhcp-life.ts'
import { machine } from '../harness/dhcp-machine.ts'
import { quads } from '../harness/dhcp-message4.ts'
import { startRenewer } from '../harness/dhcp-renewer.ts'
import { join } from '../harness/dhcp-segment.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, inContainer, link } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { pingsWith } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const { lan, server, ear } = await servedSegment()
const ipam = { type: 'dhcp', timeout: 60 }
const macvlan = { type: 'macvlan', master: lan.nic, ipam }

test('host-device: a NIC that is lent comes back with its MTU', async () => {
  ip(`link add nic9 type veth peer name port9 netns ${lan.hub.name}`)
  ip(`-n ${lan.hub.name} link set port9 master lan up`)
  await lives(server, [{ type: 'host-device', device: 'nic9', ipam }], {
    look: (container) => assert.is(link('eth0', container).mtu, 1400),
  })
  assert.is(link('nic9').mtu, 1500)
})

test('the interface has the name of the key ifname', () =>
  lives(server, [{ ...macvlan, ifname: 'lan0' }], { name: 'lan0' }))

test('two interfaces of one list have leases of their own', () =>
  lives(server, [macvlan, { ...macvlan, ifname: 'net2' }], {
    look(container) {
      const own = ['eth0', 'net2'].flatMap((name) => addresses(name, container))
      assert.is(new Set(own).size, 2)
      assert.equal(
        server
          .leases()
          .map(({ address }) => `${address}/24`)
          .sort(),
        own.sort(),
      )
    },
  }))

test('the parent is in the container', () => {
  const container = newContainer()
  join(lan, container, 'net0')
  return lives(server, [{ ...macvlan, master: 'net0', linkInContainer: true }], { container, ifname: 'net1' })
})

test('ipam-list: IPv4 of the server, IPv6 of host-local', () => {
  const own = { type: 'host-local', ranges: [[{ subnet: 'fd00:1::/64' }]] }
  const list = { type: 'ipam-list', list: [ipam, own] }
  return lives(server, [{ ...macvlan, ipam: list }], {
    look: ({ result, ...container }) => {
      assert.is(result.ips.length, 2)
      assert.ok(addresses('eth0', container).includes('fd00:1::2/64'), addresses('eth0', container).join())
    },
  })
})

test('tuning gives another MAC address, and the server has its address back', () =>
  lives(server, [macvlan, { type: 'tuning', mac: '02:00:00:00:00:77' }]))

test('sbr: the routes of the server are in a table of the interface', () =>
  lives(server, [macvlan, { type: 'sbr' }], {
    pings: (container) => pingsWith(['-I', 'eth0'], container, router),
    look: (container) => {
      const table = inContainer(container, 'rule show').match(/lookup (\d+)/)?.[1]
      const there = inContainer(container, `route show table ${table}`)
      assert.ok(there.includes(`default via ${router} dev eth0`), there)
    },
  }))

const theGuest = 'the guest asks for its address itself: leave ipam out'

testRefusedKinds([
  ['macvtap', theGuest, { master: lan.nic }],
  ['tap', theGuest, {}],
  ['ptp', 'the other end of the link is this host', {}],
])

test("a macvtap's guest has a lease of its own, which neither ADD and DEL of a neighbour nor patchbay dhcp touch", async () => {
  const { result, ...guest } = await attach(
    network('machines', { type: 'macvtap', master: lan.nic }, '1.1.0'),
  )
  const [{ socketPath = '', mac = '' } = {}] = result.interfaces as { socketPath?: string; mac?: string }[]
  const says = machine(socketPath, mac)
  const offered = says('DISCOVER')?.yiaddr ?? ''
  const ack = says('REQUEST', [
    [50, quads(offered)],
    [54, quads(router)],
  ])
  assert.equal([ack?.type, ack?.yiaddr], ['ACK', offered])
  const renewer = await startRenewer()
  const before = ear.dhcp().length
  const neighbour = await attach(network('lan', macvlan))
  assert.not.equal(neighbour.addresses, [offered])
  await neighbour.del()
  await until('one lease is left', () => server.leases().length === 1)
  assert.is(server.leases()[0]?.address, offered)
  assert.ok(
    ear
      .dhcp()
      .slice(before)
      .every((message) => message.mac !== mac),
  )
  await renewer.end()
  await guest.del()
  await server.end()
})

test.run()
