/** bridge with VLANs, on every kernel: reachability, the VLANs of a port, and gateways. */
// needs: bridge vlan_filtering, link vlan

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { type Attached, attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, hostEnd, inContainer, link, ports, portVlans } from '../harness/look.ts'
import { bridgeNetwork, fixed } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'

await privateHost()

const native = (vlan: number) => `${vlan} PVID Egress Untagged`

let bridges = 0

/** Attaches a container with a static address; all containers of a test share a bridge and a subnet. */
function attachTo(bridge: string, address: string, keys: Record<string, unknown>): Promise<Attached> {
  return attach(bridgeNetwork({ bridge, ipam: fixed(`${address}/24`), ...keys }))
}

const newBridge = () => `vbr${++bridges}`

test('with vlan, the port has only that VLAN, untagged', async () => {
  const container = await attachTo(newBridge(), '10.0.0.2', { vlan: 100 })
  assert.equal(portVlans(hostEnd(container).ifname), [native(100)])
})

test('preserveDefaultVlan keeps VLAN 1 beside it', async () => {
  const container = await attachTo(newBridge(), '10.0.0.2', { vlan: 100, preserveDefaultVlan: true })
  assert.equal(portVlans(hostEnd(container).ifname), ['1 Egress Untagged', native(100)])
})

test('a trunk has the VLANs of all entries, tagged, and VLAN 1 for untagged frames', async () => {
  const vlanTrunk = [{ id: 42 }, { minID: 100, maxID: 110 }, { minID: 105, maxID: 120 }, { id: 4094 }]
  const container = await attachTo(newBridge(), '10.0.0.2', { vlanTrunk })
  const { ifname } = hostEnd(container)
  assert.equal(portVlans(ifname), [native(1), '42', '100-120', '4094'])
  await container.check()
  command('bridge', 'vlan', 'del', 'dev', ifname, 'vid', '110')
  assert.match(await refusal(container.check()), `bridge vlan add dev ${ifname} vid 110`)
})

test('a trunk with vlan has that VLAN untagged', async () => {
  const container = await attachTo(newBridge(), '10.0.0.2', { vlan: 7, vlanTrunk: [{ minID: 5, maxID: 9 }] })
  assert.equal(portVlans(hostEnd(container).ifname), ['5-6', native(7), '8-9'])
})

test('in one subnet on one bridge, a container reaches those of its VLAN and no others', async () => {
  const bridge = newBridge()
  const one = await attachTo(bridge, '10.0.0.2', { vlan: 100 })
  await attachTo(bridge, '10.0.0.3', { vlan: 100 })
  const foreign = await attachTo(bridge, '10.0.0.4', { vlan: 200 })
  assert.ok(pings(one, '10.0.0.3'))
  assert.ok(isSilent(one, '10.0.0.4'))
  assert.ok(isSilent(foreign, '10.0.0.3'))
})

test('a trunk carries tagged frames of its own VLANs only', async () => {
  const bridge = newBridge()
  const router = await attachTo(bridge, '10.0.0.1', { vlanTrunk: [{ id: 100 }, { id: 200 }] })
  for (const id of [100, 300]) {
    await attachTo(bridge, `10.0.${id - 98}.2`, { vlan: id })
    inContainer(router, `link add link eth0 name eth0.${id} type vlan id ${id}`)
    inContainer(router, `address add 10.0.${id - 98}.1/24 dev eth0.${id}`)
    inContainer(router, `link set eth0.${id} up`)
  }
  const heard = await overhear(hostEnd(router).ifname, 'vlan and icmp', async () => {
    assert.ok(pings(router, '10.0.2.2'), 'VLAN 100 is in the trunk')
  })
  assert.match(heard.join('\n'), /vlan 100,.*10\.0\.2\.2 > 10\.0\.2\.1: ICMP echo reply/)
  assert.ok(isSilent(router, '10.0.202.2'), 'VLAN 300 is not')
})

test('each VLAN has its own gateway on the host, shared by its containers', async () => {
  const bridge = newBridge()
  for (const vlan of [100, 200]) {
    const net = bridgeNetwork({ bridge, vlan, isDefaultGateway: true })
    const containers = [newContainer(), newContainer()]
    const results = []
    for (const container of containers) results.push(await cnitool.add(net, container))
    const [gateway, ...others] = results[0]?.interfaces.slice(3) ?? []
    assert.is(gateway?.name, `${bridge}.${vlan}`)
    assert.is(gateway?.mac, link(`${bridge}.${vlan}`).address)
    assert.equal(others, [])
    const reached = results[0]?.ips.map((one) => one.gateway ?? '') ?? []
    assert.equal(addresses(`${bridge}.${vlan}`), [`${reached[0]}/24`, `${reached[1]}/64`])
    for (const container of containers)
      for (const address of reached) assert.ok(pings(container, address), `VLAN ${vlan} to ${address}`)
  }
  assert.is(ports(bridge).length, 6, 'four containers and two gateways')
  assert.equal(addresses(bridge), [])
})

test('a gateway is not reachable from another VLAN', async () => {
  const bridge = newBridge()
  await cnitool.add(bridgeNetwork({ bridge, vlan: 100, isGateway: true }), newContainer())
  const [gateway = ''] = addresses(`${bridge}.100`).map(bare)
  const subnet = gateway.replace(/\.\d+$/, '')
  const [near, foreign] = [
    await attachTo(bridge, `${subnet}.77`, { vlan: 100 }),
    await attachTo(bridge, `${subnet}.78`, { vlan: 200 }),
  ]
  assert.ok(pings(near, gateway))
  assert.ok(isSilent(foreign, gateway))
})

test('parallel first ADDs in a VLAN make one gateway', async () => {
  const bridge = newBridge()
  const net = bridgeNetwork({ bridge, vlan: 100, isDefaultGateway: true })
  const containers = Array.from({ length: 6 }, () => newContainer())
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  assert.is(ports(bridge).length, 7)
  for (const container of containers) assert.ok(pings(container, results[0]?.ips[0]?.gateway ?? ''))
})

test('another interface with the gateway’s name is refused, with the remedy', async () => {
  const [first, second] = ['averylongname-1', 'averylongname-2']
  await cnitool.add(bridgeNetwork({ bridge: first, vlan: 100, isGateway: true }), newContainer())
  const container = newContainer()
  const said = await refusal(
    cnitool.add(bridgeNetwork({ bridge: second, vlan: 100, isGateway: true }), container),
  )
  assert.match(said, 'averylongna.100, which exists and does not lead to bridge averylongname-2')
  assert.not(exists('eth0', container))
})

test('the gateway of a bridge that was deleted by hand is made again', async () => {
  const bridge = newBridge()
  const net = bridgeNetwork({ bridge, vlan: 100, isGateway: true })
  await cnitool.add(net, newContainer())
  ip(`link delete ${bridge}`)
  const container = newContainer()
  const { ips } = await cnitool.add(net, container)
  assert.ok(pings(container, ips[0]?.gateway ?? ''))
})

test('an existing VLAN device on the bridge is used as the gateway', async () => {
  const bridge = newBridge()
  ip(`link add ${bridge} up type bridge vlan_filtering 1`)
  ip(`link add link ${bridge} name ${bridge}.100 up type vlan id 100`)
  command('bridge', 'vlan', 'add', 'dev', bridge, 'vid', '100', 'self')
  const container = newContainer()
  const { ips } = await cnitool.add(bridgeNetwork({ bridge, vlan: 100, isGateway: true }), container)
  assert.is(ports(bridge).length, 1)
  assert.ok(pings(container, ips[0]?.gateway ?? ''))
})

test('a bridge without VLAN filtering is refused, with the command that switches it on', async () => {
  const bridge = newBridge()
  ip(`link add ${bridge} type bridge`)
  const container = newContainer()
  const net = bridgeNetwork({ bridge, vlan: 100 })
  const said = await refusal(cnitool.add(net, container))
  const before = snapshot()
  await refusal(cnitool.add(net, container))
  assert.match(said, `ip link set dev ${bridge} type bridge vlan_filtering 1`)
  unchanged(before)
  assert.not(exists('eth0', container))
})

test.run()
