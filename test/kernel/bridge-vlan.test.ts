/** bridge with VLANs: reachability, the VLANs of a port, and gateways. */
// needs: bridge vlan_filtering, link vlan

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, hostEnd, inContainer, link, ports, portVlans } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, fixed, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { type Kind, noticed, roundTrip } from '../harness/round-trip.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'

await privateHost()

const native = (vlan: number) => `${vlan} PVID Egress Untagged`

let bridges = 0

/** Attaches a container with a static address; all containers of a test share a bridge and a subnet. */
function attachTo(bridge: string, address: string, keys: Record<string, unknown>): Promise<Netns> {
  return attach(bridgeNetwork({ bridge, ipam: fixed(`${address}/24`), ...keys }))
}

const newBridge = () => `vbr${++bridges}`

const wrong: Record<string, [keys: Record<string, unknown>, place: RegExp]> = {
  'a VLAN below 1': [{ vlan: -1 }, /^vlan is -1, .* 4094/],
  'a VLAN above 4094': [{ vlan: 4095 }, /^vlan is 4095, .* 4094/],
  'a VLAN that is no number': [{ vlan: '100' }, /^vlan is "100", .* 4094/],
  'VLAN 0 in a trunk': [{ vlanTrunk: [{ id: 0 }] }, /vlanTrunk\[0\]\.id is 0, .* 1 to 4094/],
  'a VLAN above 4094 in a trunk': [
    { vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 4095 }] },
    /vlanTrunk\[1\]\.maxID is 4095/,
  ],
  'a range without an end': [{ vlanTrunk: [{ minID: 5 }] }, /vlanTrunk\[0\]: minID needs maxID/],
  'a range without a beginning': [{ vlanTrunk: [{ maxID: 5 }] }, /vlanTrunk\[0\]: maxID needs minID/],
  'a range that ends before it begins': [{ vlanTrunk: [{ minID: 9, maxID: 5 }] }, /vlanTrunk\[0\]: .*9.*5/],
  'an entry that says nothing': [{ vlanTrunk: [{}] }, /vlanTrunk\[0\]/],
  'an entry that says both': [{ vlanTrunk: [{ id: 4, minID: 1, maxID: 5 }] }, /vlanTrunk\[0\]/],
}

for (const [what, [keys, place]] of Object.entries(wrong))
  test(`${what} is refused before anything is touched`, async () => {
    const before = snapshot()
    const config = single(bridgeNetwork(keys))
    const { status, json } = await call({ verb: 'ADD', config, netns: newContainer().path })
    assert.equal([status, json?.code], [1, 7])
    assert.match(`${json?.msg} ${json?.details}`, place)
    unchanged(before)
  })

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
  assert.equal(portVlans(hostEnd(container).ifname), [native(1), '42', '100-120', '4094'])
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

const kind: Kind = {
  config: {
    type: 'bridge',
    bridge: 'trip0',
    isDefaultGateway: true,
    vlan: 100,
    vlanTrunk: [{ id: 42 }, { minID: 200, maxID: 210 }],
  },
  subnets: ['10.88.0.0/24', 'fd88::/64'],
  expect: ({ linkinfo }) => assert.is(linkinfo?.info_kind, 'veth'),
  breaks: {
    'the VLAN is missing': (container) => changePort(container, 'del', '100'),
    'a VLAN of the trunk is missing': (container) => changePort(container, 'del', '205'),
    'the port lets another VLAN in untagged': (container) =>
      changePort(container, 'add', '300', 'pvid', 'untagged'),
    'a VLAN leaves the port tagged': (container) => changePort(container, 'add', '100', 'pvid'),
  },
}

function changePort(container: Netns, verb: string, ...vlan: string[]): void {
  command('bridge', 'vlan', verb, 'dev', hostEnd(container).ifname, 'vid', ...vlan)
}

for (const version of ['0.2.0', '1.1.0'])
  test(`configured as ${version}: up and as configured, and DEL leaves nothing`, () =>
    roundTrip(kind, version))

test('on the node engine: up and as configured, and DEL leaves nothing', () =>
  roundTrip(kind, '1.0.0', 'node'))

for (const broken of Object.keys(kind.breaks))
  test(`CHECK notices that ${broken}, and DEL still cleans up`, async () => {
    assert.match(await noticed(kind, broken), /bridge vlan show dev/)
  })

/** Faults of what all containers of the VLAN share: DEL does not repair them. */
const sharedBreaks: Record<string, (bridge: string) => void> = {
  'the gateway is gone': (bridge) => ip(`link delete ${bridge}.100`),
  'the gateway lacks an address': (bridge) => ip(`-4 address flush dev ${bridge}.100`),
  'the bridge does not filter': (bridge) => ip(`link set ${bridge} type bridge vlan_filtering 0`),
}

for (const [broken, breakIt] of Object.entries(sharedBreaks))
  test(`CHECK notices that ${broken}, DEL still removes the container`, async () => {
    const bridge = newBridge()
    const net = bridgeNetwork({ bridge, vlan: 100, isDefaultGateway: true })
    const container = newContainer()
    await cnitool.add(net, container)
    await cnitool.check(net, container)
    breakIt(bridge)
    assert.match(await refusal(cnitool.check(net, container)), bridge)
    await cnitool.del(net, container)
    assert.not(exists('eth0', container))
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

test('the example of conf-examples: up and as configured, and DEL leaves nothing', async () => {
  const { name, cniVersion, plugins } = exampleNetwork('40-bridge-vlan.conflist')
  const [config = { type: 'none', vlan: 0 }] = plugins
  assert.equal([name, config.vlan], ['bridge-vlan', 100])
  await roundTrip({ ...kind, config, subnets: ['10.91.0.0/16'] }, cniVersion)
})

test.run()
