/** ipvlan: reachability in each mode and with each flag, with real packets. */
// needs: link ipvlan

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { attach, attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip, ipJson, succeeds } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { far, farHost, type Netns, near, newContainer, privateHost } from '../harness/host.ts'
import { testIsolation } from '../harness/isolation.ts'
import { addresses, exists, inContainer, link, routes } from '../harness/look.ts'
import { fixed, hostLocal } from '../harness/networks.ts'
import { ipvlanNetwork } from '../harness/nic.ts'
import type { Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const distant = farHost()
const farAddresses = Object.values(far)

/** Two containers of one network. */
function pair(keys: Record<string, unknown>) {
  return attachTwo(ipvlanNetwork(keys))
}

/** One container in each of two networks, with subnets outside the LAN; their default routes lead to the device. */
function apart(keys: Record<string, unknown>) {
  const net = (number: number) => {
    const subnets = hostLocal(`10.${number}.0.0/24`, `fd${number}::/64`)
    return ipvlanNetwork({ ...keys, ipam: { ...subnets, routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] } })
  }
  return attachTwo(net(70), net(71))
}

test('l2: after ADD, containers reach each other and the far host without delay, but not their own host', async () => {
  const { one, other, end } = await pair({ mode: 'l2' })
  assert.ok(pings(one, ...other.addresses))
  for (const container of [one, other]) assert.ok(pings(container, ...farAddresses))
  assert.ok(isSilent(undefined, ...other.addresses))
  await end()
})

test('l2: only the parent’s MAC address is on the LAN, and the containers have it too', async () => {
  let own: string[] = []
  const heard = await overhear(
    'eth0',
    'ip or ip6 or arp',
    async () => {
      const { one, other, end } = await pair({})
      own = one.addresses
      for (const container of [one, other]) {
        assert.ok(pings(container, ...farAddresses))
        assert.is(link('eth0', container).address, link('uplink').address)
      }
      await end()
    },
    distant,
  )
  const senders = heard.map((line) => / ([0-9a-f:]{17}) > /.exec(line)?.[1])
  const known = [link('uplink').address, link('eth0', distant).address]
  assert.equal(
    senders.filter((mac) => !mac || !known.includes(mac)),
    [],
  )
  assert.ok(heard.some((line) => line.includes(`${own[0]} > ${far.ipv4}`)))
})

test('l2: link-local addresses differ although the MAC address is the same', async () => {
  const { one, other, end } = await pair({ mode: 'l2' })
  const own = [one, other].map((container) => linkLocal(container))
  assert.is(new Set(own).size, 2, own.join(', '))
  await end()
})

function linkLocal(container: Netns): string {
  type Info = { addr_info: { local: string; scope: string }[] }
  const [found] = ipJson<Info>(`-n ${container.name} -6 address show dev eth0`)
  return found?.addr_info.find(({ scope }) => scope === 'link')?.local ?? ''
}

for (const [mode, hears] of [
  ['l2', true],
  ['l3', false],
] as const)
  test(`${mode}: a broadcast ${hears ? 'reaches' : 'does not reach'} the other container and the LAN`, async () => {
    const { one, other, end } = await pair({ mode })
    inContainer(one, 'route add 255.255.255.255/32 dev eth0')
    const shout = () => {
      const words = ['netns', 'exec', one.name, 'ping', '-b', '-c', '2', '-i', '0.2', '-w', '1']
      succeeds('ip', ...words, '255.255.255.255')
    }
    for (const listener of [other, distant]) {
      // The kernel sends the broadcasts of ipvlan later.
      const heardAtLast = (lines: () => string[]) =>
        until('it is heard', () => {
          shout()
          return lines().length > 0
        })
      const act = hears ? heardAtLast : shout
      const heard = await overhear('eth0', 'dst host 255.255.255.255', act, listener)
      assert.is(heard.length > 0, hears, heard.join('\n'))
    }
    await end()
  })

for (const [mode, announces] of [
  ['l2', true],
  ['l3', false],
] as const)
  test(`${mode}: the addresses are ${announces ? '' : 'not '}announced to the LAN`, async () => {
    const net = ipvlanNetwork({ mode })
    const container = newContainer()
    let result: Result | undefined
    const announcements = () => {
      const [ipv4 = '', ipv6 = ''] = addressesOf(result?.ips)
      return [`who-has ${ipv4} tell ${ipv4}`, `neighbor advertisement, tgt is ${ipv6}`]
    }
    const announced = (lines: string[]) =>
      announcements().map((words) => lines.some((line) => line.includes(words)))
    const heard = await overhear('uplink', 'arp or icmp6', async (lines) => {
      result = await cnitool.add(net, container)
      if (announces) await until('both are announced', () => announced(lines()).every(Boolean))
    })
    assert.equal(announced(heard), [announces, announces], heard.join('\n'))
    await cnitool.del(net, container)
  })

for (const mode of ['l3', 'l3s'])
  test(`${mode}: containers of different subnets reach each other and the far host with device routes only`, async () => {
    const { one, other, end } = await apart({ mode })
    assert.ok(pings(one, ...other.addresses))
    assert.ok(pings(other, ...farAddresses))
    assert.ok(pings(distant, ...one.addresses))
    assert.equal(routes(4, one), ['default', '10.70.0.0/24'])
    assert.ok(routes(6, one).includes('default'))
    assert.not.match(JSON.stringify([one.result, other.result]), /gateway|gw/)
    await end()
  })

testIsolation((flag) => pair({ flag }), distant)

test('l3 private: containers reach the far host, but not each other', async () => {
  const { one, other, end } = await apart({ mode: 'l3', flag: 'private' })
  for (const container of [one, other]) assert.ok(pings(container, ...farAddresses))
  assert.ok(isSilent(one, ...other.addresses))
  assert.ok(isSilent(other, ...one.addresses))
  await end()
})

test('l2: two containers cannot have one address', async () => {
  const ipam = fixed('198.51.100.9/24')
  const one = await attach(ipvlanNetwork({ ipam }))
  const said = await refusal(attach(ipvlanNetwork({ ipam })))
  assert.match(said, 'Address already assigned to an ipvlan device')
  assert.equal(addresses('eth0', one), ['198.51.100.9/24'])
  await one.del()
})

test('without master, the parent is the interface of the default route', async () => {
  const one = await attach(ipvlanNetwork({ master: undefined }))
  assert.is(link('eth0', one).link_index, link('uplink').ifindex)
  await one.del()
})

test('linkInContainer: the parent is an interface of the container', async () => {
  const container = newContainer()
  ip(`link add net0 netns ${container.name} type veth peer name net1 netns ${distant.name}`)
  inContainer(container, 'link set net0 up')
  inContainer(distant, 'link set net1 up')
  inContainer(distant, 'address add 192.0.2.1/24 dev net1')
  const ipam = hostLocal('192.0.2.0/24')
  const net = ipvlanNetwork({ master: 'net0', linkInContainer: true, ipam })
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link, 'net0')
  assert.ok(pings(container, '192.0.2.1'))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

for (const address of [`${far.ipv4}/24`, `${far.ipv6}/64`])
  test(`ipam.probe: ${address}, which the far host has, is refused, and nothing is left`, async () => {
    const net = ipvlanNetwork({ ipam: { ...fixed(address), probe: true } })
    const container = newContainer()
    const said = await refusal(cnitool.add(net, container))
    assert.match(said, `is in use already: ${link('eth0', distant).address} has it`)
    assert.not.ok(exists('eth0', container))
  })

test('without ipam in l2, addresses that are set in the containers work', async () => {
  const { one, other, end } = await pair({ ipam: undefined })
  for (const [index, container] of [one, other].entries()) {
    inContainer(container, `address add 10.93.0.${index + 1}/24 dev eth0`)
    inContainer(container, 'link set eth0 up')
  }
  assert.ok(pings(one, '10.93.0.2'))
  await end()
})

test('the host’s own address still works with containers attached', async () => {
  const { end } = await pair({})
  assert.ok(pings(distant, ...Object.values(near)))
  await end()
})

test.run()
