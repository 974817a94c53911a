/** podman's networks as configurations of plugins. */

import * as assert from 'uvu/assert'
import { interfaceConfiguration, portConfiguration } from '../../../netavark/configuration.ts'
import { driverNames, pluginOfDriver } from '../../../netavark/drivers.ts'
import { type Network, readNetwork } from '../../../netavark/input.ts'
import { refuseReserved } from '../../../netavark/option-keys.ts'
import { plugins } from '../../../plugins/registry.ts'
import { test } from '../../harness/test.ts'

const given = { name: 'blue', id: 'f'.repeat(64), driver: 'vlan', internal: false }

/** The configuration of a plugin for a network. */
async function configured(type: string, network: Partial<Network>, wishes = {}) {
  const plugin = await plugins[type]?.()
  if (!plugin) throw new Error(`no plugin ${type}`)
  return interfaceConfiguration(plugin, readNetwork({ ...given, ...network }), wishes)
}

const subnets = [{ subnet: '10.9.0.0/24', gateway: '10.9.0.1' }]

test('options become values of the types that the schema has', async () => {
  const options = {
    vlanId: '100',
    gvrp: 'true',
    protocol: '802.1ad',
    egressPriorities: '{"5": 3}',
    master: 'eth7',
  }
  const raw = await configured('vlan', { options })
  assert.is(raw.vlanId, 100)
  assert.is(raw.gvrp, true)
  assert.is(raw.protocol, '802.1ad')
  assert.equal(raw.egressPriorities, { 5: 3 })
  assert.is(raw.master, 'eth7')
})

test('a list is written with commas or as JSON', async () => {
  for (const remotes of ['192.0.2.1,192.0.2.2', '192.0.2.1, 192.0.2.2', '["192.0.2.1", "192.0.2.2"]']) {
    const raw = await configured('vxlan', { options: { remotes } })
    assert.equal(raw.remotes, ['192.0.2.1', '192.0.2.2'], remotes)
  }
})

test('the members of a bond are written as names', async () => {
  const raw = await configured('bond', { options: { links: 'eth1,eth2' } })
  assert.equal(raw.links, [{ name: 'eth1' }, { name: 'eth2' }])
})

test('a value that no reading fits stays a text, for the schema to refuse', async () => {
  assert.is((await configured('vlan', { options: { vlanId: 'abc' } })).vlanId, 'abc')
})

test('--interface-name and -o parent name the host interface, by the key of each plugin', async () => {
  assert.is((await configured('vlan', { network_interface: 'eth0' })).master, 'eth0')
  assert.is((await configured('host-device', { network_interface: 'eth0' })).device, 'eth0')
  assert.is((await configured('bridge', { network_interface: 'br9' })).bridge, 'br9')
  assert.is((await configured('macvlan', { options: { parent: 'eth3' } })).master, 'eth3')
})

test('the addresses that podman gives are static, with the gateway and prefix of their subnet, and a default route', async () => {
  const { ipam } = await configured('vlan', { subnets }, { static_ips: ['10.9.0.7'] })
  assert.equal(ipam, {
    type: 'static',
    addresses: [{ address: '10.9.0.7/24', gateway: '10.9.0.1' }],
    routes: [{ dst: '0.0.0.0/0' }],
  })
})

test('an internal network has no default route and no masquerade', async () => {
  const raw = await configured('bridge', { subnets, internal: true }, { static_ips: ['10.9.0.7'] })
  assert.is(raw.isGateway, true)
  assert.is(raw.ipMasq, false)
  assert.equal((raw.ipam as { routes: object[] }).routes, [])
})

test('routes of the network keep gateway and metric', async () => {
  const routes = [{ destination: '10.77.0.0/16', gateway: '10.9.0.254', metric: 7 }]
  const { ipam } = await configured('vlan', { subnets, routes, internal: true }, { static_ips: ['10.9.0.7'] })
  assert.equal((ipam as { routes: object[] }).routes, [
    { dst: '10.77.0.0/16', gw: '10.9.0.254', priority: 7 },
  ])
})

test('options override what podman networks have by default', async () => {
  const raw = await configured('bridge', { subnets, options: { ipMasq: 'false' } })
  assert.is(raw.ipMasq, false)
})

test('name and type are the network and its plugin, whatever the options are', async () => {
  const raw = await configured('vlan', { options: { name: 'other', type: 'bridge', cniVersion: '9' } })
  assert.is(raw.name, 'blue')
  assert.is(raw.type, 'vlan')
  assert.is(raw.cniVersion, '1.1.0')
})

test('options that podman or the driver sets never reach the configuration', async () => {
  const options = {
    prevResult: '{}',
    args: '{"cni": {"mac": "02:00:00:00:00:01"}}',
    Capabilities: '{"ips": true}',
    RUNTIMECONFIG: '{}',
    ifname: 'net9',
    'cni.dev/valid-attachments': '[]',
  }
  const plain = await configured('macvlan', {})
  assert.equal(await configured('macvlan', { options }), plain)
  for (const key of Object.keys(options))
    assert.throws(() => refuseReserved({ [key]: '{}' }), /cannot be set/, key)
})

test('upper and lower case of an option match, as in a configuration', async () => {
  assert.is((await configured('vlan', { options: { VLANID: '100' } })).vlanId, 100)
})

test('a family without an address of the container has no default route', async () => {
  const dual = [...subnets, { subnet: 'fd09::/64', gateway: 'fd09::1' }]
  const { ipam } = await configured('vlan', { subnets: dual }, { static_ips: ['10.9.0.7'] })
  assert.equal((ipam as { routes: object[] }).routes, [{ dst: '0.0.0.0/0' }])
})

test('a published range of several protocols is a mapping for each', () => {
  const mapping = { container_port: 80, host_port: 8080, host_ip: '', protocol: 'tcp,udp', range: 3 }
  const raw = portConfiguration(readNetwork(given), { port_mappings: [mapping] })
  assert.equal(raw?.runtimeConfig, {
    portMappings: [
      { containerPort: 80, hostPort: 8080, protocol: 'tcp', range: 3 },
      { containerPort: 80, hostPort: 8080, protocol: 'udp', range: 3 },
    ],
  })
})

test('every interface plugin is a driver; three have a prefix, since netavark has drivers of their names', () => {
  assert.ok(driverNames.every((name) => plugins[pluginOfDriver(name) ?? '']))
  assert.equal(
    driverNames.filter((name) => name.startsWith('patchbay-')),
    ['patchbay-bridge', 'patchbay-ipvlan', 'patchbay-macvlan'],
  )
  for (const other of ['portmap', 'host-local', 'loopback', 'patchbay', '__proto__'])
    assert.is(pluginOfDriver(other), undefined, other)
})

test.run()
