/** bridge: a requested MAC address, from each of the three sources, and the MAC spoof check. */

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

const [lowest, middle, highest] = ['02:00:5e:10:00:01', '02:00:5e:10:00:02', '02:00:5e:10:00:03']

test('MAC in CNI_ARGS is the interface’s', async () => {
  const container = newContainer()
  await cnitool.add(bridgeNetwork(), container, { args: { IgnoreUnknown: '1', MAC: lowest } })
  assert.is(link('eth0', container).address, lowest)
})

test('args.cni.mac has priority over CNI_ARGS', async () => {
  const container = newContainer()
  const net = bridgeNetwork({ args: { cni: { mac: middle } } })
  await cnitool.add(net, container, { args: { MAC: lowest } })
  assert.is(link('eth0', container).address, middle)
})

test('the mac capability has priority over both, and CHECK and the result agree', async () => {
  const container = newContainer()
  const net = bridgeNetwork({ args: { cni: { mac: middle } }, capabilities: { mac: true } })
  const extras = { args: { MAC: lowest }, capabilities: { mac: highest } }
  const { interfaces } = await cnitool.add(net, container, extras)
  assert.is(link('eth0', container).address, highest)
  assert.is(interfaces[2]?.mac, highest)
  await cnitool.check(net, container, extras)
})

for (const mac of ['01:00:5e:00:00:01', '00:00:00:00:00:00', 'no-mac'])
  test(`${mac} is refused before anything is touched`, async () => {
    const container = newContainer()
    const before = snapshot()
    const said = await refusal(cnitool.add(bridgeNetwork(), container, { args: { MAC: mac } }))
    assert.match(said, mac)
    unchanged(before)
  })

test('macspoofchk: frames pass with the container’s own MAC address and with no other', async () => {
  const net = bridgeNetwork({ isGateway: true, macspoofchk: true })
  const container = newContainer()
  const { ips, interfaces } = await cnitool.add(net, container)
  const [gateway = ''] = ips.map((ip) => ip.gateway)
  assert.ok(pings(container, gateway), 'its own')
  await cnitool.check(net, container)
  inContainer(container, `link set eth0 address ${middle}`)
  assert.ok(isSilent(container, gateway), 'a forged one')
  inContainer(container, `link set eth0 address ${interfaces[2]?.mac}`)
  assert.ok(pings(container, gateway), 'its own again')
})

test.run()
