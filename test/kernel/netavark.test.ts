/** netavark's calls for bridges: addresses that podman gives, ports, two networks on one container, refusals, namespaces that are gone. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { near, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { addresses, exists, link, ports, routes } from '../harness/look.ts'
import {
  attachment,
  create,
  createError,
  drive,
  errorOf,
  podmanNetwork,
  setup,
  setupError,
  teardown,
} from '../harness/netavark.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'
import { bridgeHost, published } from './netavark-bridge.ts'

await privateHost()
const { outside, subnets: dual } = bridgeHost(41)

test('a container of patchbay-bridge has the addresses and the MAC address that podman gives, and reaches the world and is reached by its port', async () => {
  const before = snapshot()
  const net = create(podmanNetwork('patchbay-bridge', { subnets: dual, options: { mtu: '1400' } }))
  const box = newContainer()
  const input = attachment(net, {
    static_ips: ['10.41.0.7', 'fd41::7'],
    static_mac: '02:00:5e:10:00:07',
    interface_name: 'front',
    port_mappings: [published(8080)],
  })
  assert.equal(setup(input, box), {
    interfaces: {
      front: {
        mac_address: '02:00:5e:10:00:07',
        subnets: [
          { ipnet: '10.41.0.7/24', gateway: '10.41.0.1' },
          { ipnet: 'fd41::7/64', gateway: 'fd41::1' },
        ],
      },
    },
    dns_server_ips: [],
    dns_search_domains: [],
  })
  assert.equal(addresses('front', box), ['10.41.0.7/24', 'fd41::7/64'])
  assert.is(link('front', box).mtu, 1400)
  assert.ok(pings(box, '198.51.100.1', '2001:db8:51::1'))
  const server = await mirrorIn(box)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), '198.51.100.1')
  assert.is(server.sourceOf(outside, near.ipv6, 'tcp', 8080), '2001:db8:51::1')
  teardown(input, box)
  teardown(input, box)
  removeContainer(box)
  unchanged(before)
})

test('a bridge that create named goes with the last container; one that the user named stays', () => {
  const net = create(podmanNetwork('patchbay-bridge', { subnets: dual }))
  const boxes = [newContainer(), newContainer()].map((box, number) => ({
    box,
    input: attachment(net, { static_ips: [`10.41.0.${10 + number}`] }),
  }))
  const name = String(net.network_interface)
  for (const { box, input } of boxes) setup(input, box)
  assert.is(ports(name).length, 2)
  boxes.forEach(({ box, input }, number) => {
    assert.ok(exists(name), `before teardown ${number}`)
    teardown(input, box)
  })
  assert.not.ok(exists(name))
  const named = create(podmanNetwork('patchbay-bridge', { subnets: dual, network_interface: 'mine0' }))
  const box = newContainer()
  const input = attachment(named, { static_ips: ['10.41.0.5'] })
  setup(input, box)
  teardown(input, box)
  assert.ok(exists('mine0'))
  ip('link delete mine0')
})

test('a container in two networks has an interface in each', () => {
  const nets = [41, 42].map((number) =>
    create(
      podmanNetwork('patchbay-bridge', {
        subnets: [{ subnet: `10.${number}.0.0/24`, gateway: `10.${number}.0.1` }],
      }),
    ),
  )
  const box = newContainer()
  const inputs = nets.map((net, number) =>
    attachment(net, {
      container_id: 'd'.repeat(64),
      interface_name: `eth${number}`,
      static_ips: [`10.${41 + number}.0.3`],
      port_mappings: [published(8081)],
    }),
  )
  for (const input of inputs) setup(input, box)
  assert.equal(addresses('eth0', box), ['10.41.0.3/24'])
  assert.equal(addresses('eth1', box), ['10.42.0.3/24'])
  for (const input of inputs.toReversed()) teardown(input, box)
  for (const net of nets) assert.not.ok(exists(String(net.network_interface)))
})

test('an internal network has no way out', () => {
  const net = create(podmanNetwork('patchbay-bridge', { subnets: dual, internal: true }))
  const box = newContainer()
  const input = attachment(net, { static_ips: ['10.41.0.7'] })
  setup(input, box)
  assert.equal(
    routes(4, box).filter((route) => route.startsWith('default')),
    [],
  )
  assert.ok(pings(box, '10.41.0.1'))
  teardown(input, box)
})

test('a port that another container has is refused, and nothing of the second container is left', () => {
  const net = create(podmanNetwork('patchbay-bridge', { subnets: dual }))
  const [one, other] = [newContainer(), newContainer()]
  const first = attachment(net, { static_ips: ['10.41.0.7'], port_mappings: [published(8090)] })
  setup(first, one)
  const before = snapshot()
  const second = attachment(net, { static_ips: ['10.41.0.8'], port_mappings: [published(8090)] })
  assert.match(setupError(second, other), /8090/)
  unchanged(before)
  teardown(first, one)
})

test('the reservations are ours where podman has no subnet: option ipam names the plugin', () => {
  const ipam = JSON.stringify({ type: 'host-local', subnet: '10.43.0.0/24' })
  const net = create(podmanNetwork('patchbay-bridge', { options: { ipam, isGateway: 'true' } }))
  const box = newContainer()
  const input = attachment(net)
  const { interfaces } = setup(input, box)
  assert.equal(interfaces.eth0?.subnets, [{ ipnet: '10.43.0.2/24', gateway: '10.43.0.1' }])
  teardown(input, box)
  const again = attachment(net)
  assert.is(setup(again, box).interfaces.eth0?.subnets[0]?.ipnet, '10.43.0.3/24')
  teardown(again, box)
})

test('teardown works when the namespace is gone, or was never set up, and after the states of a boot are lost', () => {
  const before = snapshot()
  const net = create(podmanNetwork('patchbay-bridge', { subnets: dual }))
  const box = newContainer()
  const input = attachment(net, { static_ips: ['10.41.0.7'], port_mappings: [published(8091)] })
  teardown(input, box)
  setup(input, box)
  removeContainer(box)
  teardown(input, box)
  unchanged(before)
})

test('create refuses with a sentence that says what to do', () => {
  const refusals: [Parameters<typeof podmanNetwork>[1], RegExp][] = [
    [{ options: { mtuu: '1400' } }, /unknown key mtuu, did you mean mtu/],
    [{ options: { mtu: 'big' } }, /^mtu is "big", must be a whole number/],
    [{ options: { vlan: '9999' } }, /^vlan is "9999", must be a whole number/],
    [
      { subnets: dual, options: { ipam: '{"type":"host-local","subnet":"10.1.0.0/24"}' } },
      /both give addresses/,
    ],
    [{ subnets: dual, ipam_options: { driver: 'dhcp' } }, /--ipam-driver dhcp and --subnet both give/],
    [{ subnets: dual, routes: [{ destination: '10.0.0.0/8', route_type: 'blackhole' }] }, /is blackhole/],
    [{ name: '../../etc' }, /invalid characters found in network name/],
  ]
  for (const [more, expected] of refusals)
    assert.match(createError(podmanNetwork('patchbay-bridge', more)), expected)
})

test('create changes nothing on the host, and answers name, id and driver unchanged, without DNS', () => {
  const before = snapshot()
  const net = podmanNetwork('patchbay-bridge', { subnets: dual, options: { mtu: '1400' } })
  const answer = create(net)
  assert.equal({ ...answer, network_interface: null, dns_enabled: true }, net)
  assert.is(answer.dns_enabled, false)
  assert.is(answer.network_interface?.length, 15)
  unchanged(before)
})

test('input that is no call of netavark is answered with a sentence', () => {
  const box = newContainer()
  const net = podmanNetwork('patchbay-bridge')
  for (const input of ['', '{', '[]', 'null', '{}', `{"name":"${'x'.repeat(1_000_000)}"}`, '{"network":5}']) {
    for (const words of [['create'], ['setup', box.path], ['teardown', box.path]]) {
      const sentence = errorOf(drive('patchbay-bridge', words, input))
      assert.not.match(sentence, /TypeError|undefined|\bat .*:\d+/, `${words[0]} of ${input.slice(0, 20)}`)
    }
  }
  assert.match(setupError(attachment(net, { interface_name: '../x' }), box), /interface name contains/)
  assert.match(setupError(attachment(net, { container_id: '../x' }), box), /containerID/)
  assert.match(errorOf(drive('patchbay-bridge', ['setup'], attachment(net))), /must be an absolute path/)
  const outsider = attachment({ ...net, subnets: dual }, { static_ips: ['10.99.0.1'] })
  assert.match(setupError(outsider, box), /10.99.0.1 is in none of the network's subnets/)
})

test('info tells the versions, on both engines, and no other name is a driver', () => {
  for (const engine of ['quickjs', 'node'] as const)
    assert.is(drive('patchbay-bridge', ['info'], '', { engine }).json?.api_version, '1.0.0')
  assert.not.match(
    String(drive('patchbay-bridge', ['info'], '', { env: { CNI_COMMAND: 'VERSION' } }).json),
    /api_version/,
  )
  assert.is(drive('portmap', ['create'], '{}').json, undefined)
})

test.run()
