/** Traffic of networks that netavark sets up: ports of several networks, macvlan; a whole setup by the engine of Node. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { unchanged } from '../harness/expect.ts'
import { near, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { attachment, create, drive, errorOf, podmanNetwork, setup, teardown } from '../harness/netavark.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'
import { bridgeHost, published } from './netavark-bridge.ts'

await privateHost()
const { outside, net } = bridgeHost(53)
const port = published(8100)

for (const first of [0, 1] as const)
  test(`a port published on two networks is reached until both are disconnected, network ${first} first`, async () => {
    const box = newContainer()
    const inputs = [54, 55].map((number, index) => {
      const subnets = [{ subnet: `10.${number}.0.0/24`, gateway: `10.${number}.0.1` }]
      return attachment(create(podmanNetwork('patchbay-bridge', { subnets })), {
        container_id: 'e'.repeat(64),
        interface_name: `eth${index}`,
        static_ips: [`10.${number}.0.3`],
        port_mappings: [{ ...port, range: 0 }],
      })
    }) as [Record<string, unknown>, Record<string, unknown>]
    for (const input of inputs) setup(input, box)
    const server = await mirrorIn(box)
    const source = () => server.sourceOf(outside, near.ipv4, 'tcp', 8100)
    assert.is(source(), '198.51.100.1')
    teardown(inputs[first], box)
    assert.is(source(), '198.51.100.1')
    teardown(inputs[first === 0 ? 1 : 0], box)
    assert.throws(source)
    server.stop()
  })

test('a container of patchbay-macvlan reaches the world and is reached by its own address', async () => {
  const subnets = [{ subnet: '198.51.100.0/24', gateway: '198.51.100.1' }]
  const macvlan = create(podmanNetwork('patchbay-macvlan', { network_interface: 'uplink', subnets }))
  const box = newContainer()
  const input = attachment(macvlan, { static_ips: ['198.51.100.77'] })
  setup(input, box)
  assert.ok(pings(box, '198.51.100.1'))
  const server = await mirrorIn(box)
  assert.is(server.sourceOf(outside, '198.51.100.77', 'tcp'), '198.51.100.1')
  server.stop()
  teardown(input, box)
})

test('Node’s engine does a whole setup and teardown', () => {
  const before = snapshot()
  const box = newContainer()
  const engine = { engine: 'node' } as const
  const input = attachment(net, { static_ips: ['10.53.0.7', 'fd53::7'], port_mappings: [port] })
  const { status, json } = drive('patchbay-bridge', ['setup', box.path], input, engine)
  assert.is(status, 0, String(json?.error))
  assert.ok(pings(box, '198.51.100.1', '2001:db8:51::1'))
  assert.match(errorOf(drive('patchbay-bridge', ['setup', box.path], input, engine)), /eth0/)
  assert.is(drive('patchbay-bridge', ['teardown', box.path], input, engine).status, 0)
  removeContainer(box)
  unchanged(before)
})

test.run()
