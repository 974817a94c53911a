/** dummy: its addresses answer on every interface of the container; refusals; STATUS. */
// needs: link dummy

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, link } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

const example = exampleNetwork('130-dummy.conflist')

test('130-dummy.conflist: the service address answers on the container’s other interface', async () => {
  const container = newContainer()
  const wire = await cnitool.add(bridgeNetwork({ isGateway: true }), container)
  await cnitool.add(example, container, { ifname: 'service0' })
  assert.equal(addresses('service0', container), ['10.130.0.53/32', 'fd00:10:130::53/128'])
  for (const [index, service] of ['10.130.0.53', 'fd00:10:130::53'].entries()) {
    assert.ok(isSilent(undefined, service))
    ip(`route add ${service} via ${bare(wire.ips[index]?.address)}`)
    assert.ok(pings(undefined, service), service)
  }
  await cnitool.check(example, container, { ifname: 'service0' })
  await cnitool.del(example, container, { ifname: 'service0' })
  assert.ok(isSilent(undefined, '10.130.0.53'))
})

const config = { type: 'dummy', name: 'net', cniVersion: '1.1.0' }

test('the MAC address is the requested one, or the same for every ADD', async () => {
  const macs: string[] = []
  for (const args of ['', '', 'MAC=02:00:5e:10:00:07']) {
    const { path: netns, ...container } = newContainer()
    const { status } = await call({ verb: 'ADD', config, containerID: 'same', netns, args })
    assert.is(status, 0)
    macs.push(link('eth0', { path: netns, ...container }).address)
  }
  assert.is(macs[0], macs[1])
  assert.is(macs[2], '02:00:5e:10:00:07')
})

for (const [keys, said] of [
  [{ mtu: 67 }, 'mtu: must be 0 or from 68'],
  [{ mtuu: 1400 }, 'mtu'],
  [{ mtu: '1400' }, 'mtu is "1400"'],
] as const)
  test(`refused with code 7: ${JSON.stringify(keys)}`, async () => {
    const { json } = await call({
      verb: 'ADD',
      config: { ...config, ...keys },
      netns: newContainer().path,
    })
    assert.is(json?.code, 7)
    assert.match(String(json?.msg), said)
  })

test('STATUS succeeds if the kernel has dummy devices, and makes none', async () => {
  const before = ip('link show')
  assert.is((await call({ verb: 'STATUS', config })).status, 0)
  assert.is(ip('link show'), before)
})

test.run()
