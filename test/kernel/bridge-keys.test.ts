/** bridge: the effect of each key in the kernel. */

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { refusal } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, hostEnd, link, sysctl } from '../harness/look.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

/** One container on a network with the given keys: its interface, the host's end, the bridge. */
async function effectOf(keys: Record<string, unknown>) {
  const net = bridgeNetwork(keys)
  const container = await attach(net)
  await container.check()
  const port = hostEnd(container)
  const { info_data: options = {} } = link(port.master ?? '').linkinfo ?? {}
  return { net, container, inside: link('eth0', container), port, bridge: link(port.master ?? ''), options }
}

test('without keys everything has the kernel’s defaults, and the host does not forward', async () => {
  const { port, inside, bridge, options } = await effectOf({})
  const { hairpin, isolated } = port.linkinfo?.info_slave_data ?? {}
  assert.equal([inside.mtu, port.mtu, bridge.mtu, hairpin, isolated], [1500, 1500, 1500, false, false])
  assert.equal([options.stp_state, options.mcast_snooping, options.ageing_time], [0, 1, 30000])
  assert.equal(addresses(bridge.ifname), [])
  assert.equal([sysctl('net/ipv4/ip_forward'), sysctl('net/ipv6/conf/all/forwarding')], ['0', '0'])
})

test('bridge: the default name is cni0', async () => {
  const { bridge } = await effectOf({ bridge: undefined })
  assert.is(bridge.ifname, 'cni0')
})

test('mtu: set on both ends of the pair, and on the bridge', async () => {
  const { inside, port, bridge } = await effectOf({ mtu: 1400 })
  assert.equal([inside.mtu, port.mtu, bridge.mtu], [1400, 1400, 1400])
})

test('hairpinMode', async () => {
  const { port } = await effectOf({ hairpinMode: true })
  assert.is(port.linkinfo?.info_slave_data?.hairpin, true)
})

test('promiscMode', async () => {
  const { bridge } = await effectOf({ promiscMode: true })
  assert.ok(bridge.flags.includes('PROMISC'))
})

test('portIsolation: containers reach the gateway and not each other', async () => {
  const { net, container, port } = await effectOf({ portIsolation: true, isGateway: true })
  assert.is(port.linkinfo?.info_slave_data?.isolated, true)
  const { result, addresses } = await attach(net)
  for (const { gateway = '' } of result.ips) assert.ok(pings(container, gateway), gateway)
  for (const address of addresses) assert.ok(isSilent(container, address), address)
})

test('txQueueLen: both ends', async () => {
  const { inside, port } = await effectOf({ txQueueLen: 777 })
  assert.equal([inside.txqlen, port.txqlen], [777, 777])
})

test('stp, ageingTime, multicastSnooping and groupForwardMask are set on the bridge', async () => {
  const { options } = await effectOf({
    stp: true,
    ageingTime: 60,
    multicastSnooping: false,
    groupForwardMask: 16384,
  })
  assert.equal([options.stp_state, options.ageing_time], [1, 6000])
  assert.equal([options.mcast_snooping, options.group_fwd_mask], [0, '0x4000'])
})

test('without ipam the interface is up without addresses', async () => {
  const { inside, container } = await effectOf({ ipam: undefined })
  assert.ok(inside.flags.includes('UP'))
  assert.equal(addresses('eth0', container), [])
})

test('disableContainerInterface: the container’s end stays down', async () => {
  const net = bridgeNetwork({ ipam: undefined, disableContainerInterface: true })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.not.ok(link('eth0', container).flags.includes('UP'))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('an existing link of the bridge’s name that is no bridge is refused and not changed', async () => {
  const { port } = await effectOf({})
  const said = await refusal(cnitool.add(bridgeNetwork({ bridge: port.ifname }), newContainer()))
  assert.match(said, port.ifname)
  assert.is(link(port.ifname).master, port.master)
})

test('known keys match whatever their case', async () => {
  const { port, inside } = await effectOf({ HairpinMode: true, MTU: 1400 })
  assert.equal([port.linkinfo?.info_slave_data?.hairpin, inside.mtu], [true, 1400])
})

test.run()
