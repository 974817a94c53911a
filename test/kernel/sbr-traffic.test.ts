/** sbr: answers leave by the interface that was asked, which a far host sees. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { far, farHost, newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, newNetwork } from '../harness/networks.ts'
import type { Configuration, Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'

await privateHost()
const outside = farHost()
setSysctl('net/ipv4/ip_forward', 1)
setSysctl('net/ipv6/conf/all/forwarding', 1)

/** Two networks of the host, of which the container has eth0 and eth1. */
async function twoNetworks(...later: Configuration[]) {
  const container = newContainer()
  const nets = [0, 1].map(() => {
    const { plugins, ...net } = bridgeNetwork({ isDefaultGateway: true })
    return { ...net, plugins: [...plugins, ...later] }
  })
  const results: Result[] = []
  for (const [index, net] of nets.entries())
    results.push(await cnitool.add(net, container, { ifname: `eth${index}` }))
  const end = async (check = true) => {
    for (const [index, net] of nets.entries()) {
      if (check) await cnitool.check(net, container, { ifname: `eth${index}` })
      await cnitool.del(net, container, { ifname: `eth${index}` })
    }
    removeContainer(container)
  }
  const bridges = nets.map(({ plugins }) => String(plugins[0]?.bridge))
  return { container, bridges, results, end }
}

const bare = (cidr = '') => cidr.replace(/\/.*/, '')

/** By which of two bridges the answers to pings of an address come. */
async function answersBy(bridges: string[], address: string): Promise<string[]> {
  const heard: string[] = []
  for (const bridge of bridges) {
    const lines = await overhear(bridge, 'icmp or icmp6', () => void pings(outside, address))
    if (lines.some((line) => line.includes(`${address} > `) && line.includes('echo reply')))
      heard.push(bridge)
  }
  return heard
}

test('a far host asks each of two interfaces, and the answer comes by the interface that was asked', async () => {
  const { bridges, results, end } = await twoNetworks({ type: 'sbr' })
  for (const [index, { ips }] of results.entries())
    for (const { address } of ips) {
      assert.ok(pings(outside, bare(address)), address)
      assert.equal(await answersBy(bridges, bare(address)), [bridges[index]], address)
    }
  await end()
})

test('without sbr the answers of both come by the newer one, and a host that filters by reverse path drops them', async () => {
  const { container, bridges, results, end } = await twoNetworks()
  // Of equal default routes the kernel takes the first whose gateway has answered.
  assert.ok(pings(container, results[1]?.ips[0]?.gateway ?? ''))
  const address = bare(results[0]?.ips[0]?.address)
  for (const bridge of bridges) setSysctl(`net/ipv4/conf/${bridge}/rp_filter`, 1)
  assert.ok(isSilent(outside, address))
  await end()
  const routed = await twoNetworks({ type: 'sbr' })
  for (const bridge of routed.bridges) setSysctl(`net/ipv4/conf/${bridge}/rp_filter`, 1)
  for (const { ips } of routed.results) assert.ok(pings(outside, bare(ips[0]?.address)))
  await routed.end()
})

test('addSourceHints: a program that chooses no source reaches both networks, and others by none', async () => {
  const { container, results, end } = await twoNetworks({ type: 'sbr', addSourceHints: true })
  for (const { ips } of results)
    for (const { gateway = '' } of ips) assert.ok(pings(container, gateway), gateway)
  assert.ok(isSilent(container, far.ipv4))
  await end()
})

test('241-sbr.conflist: two networks, each answers by its own interface', async () => {
  const net = exampleNetwork('241-sbr.conflist')
  const container = newContainer()
  const other = await twoNetworks()
  await other.end()
  const { ips } = await cnitool.add(net, container, { ifname: 'net1' })
  for (const { address, gateway = '' } of ips) {
    assert.ok(pings(outside, bare(address)), address)
    assert.ok(
      inContainer(
        container,
        `route get ${far[gateway.includes(':') ? 'ipv6' : 'ipv4']} from ${bare(address)}`,
      ).includes(gateway),
    )
  }
  await cnitool.check(net, container, { ifname: 'net1' })
  await cnitool.del(net, container, { ifname: 'net1' })
  removeContainer(container)
})

for (const [type, keys] of Object.entries({ ptp: {}, macvlan: { master: 'uplink' } }))
  test(`${type} and sbr: CHECK of both holds, and the host’s or another container’s packets are answered`, async () => {
    const net = newNetwork(type, { ...keys }, '1.1.0')
    const list = { ...net, plugins: [...net.plugins, { type: 'sbr' }] }
    const [one, other] = [newContainer(), newContainer()]
    const { ips } = await cnitool.add(list, one)
    await cnitool.add(net, other)
    for (const { address } of ips)
      assert.ok(pings(type === 'ptp' ? undefined : other, bare(address)), address)
    await cnitool.check(list, one)
    await cnitool.del(net, other)
    await cnitool.del(list, one)
    for (const container of [one, other]) removeContainer(container)
  })

test.run()
