/** bridge: STATUS says whether ADD would work, GC removes what no attachment uses. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, ports } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const keys = { isGateway: true, ipMasq: true, macspoofchk: true }

test('STATUS of a working network succeeds without output', async () => {
  await cnitool.status(bridgeNetwork(keys, '1.1.0'))
})

test('STATUS changes nothing', async () => {
  const before = snapshot()
  await cnitool.status(bridgeNetwork(keys, '1.1.0'))
  unchanged(before)
})

test('STATUS without its IPAM plugin fails and names it', async () => {
  const config = single(bridgeNetwork({ ipam: { type: 'nosuch' } }, '1.1.0'))
  const { status, json } = await call({ verb: 'STATUS', config })
  assert.is(status, 1)
  assert.match(`${json?.msg} ${json?.details}`, /nosuch/)
})

for (const ipMasqBackend of ['nftables', 'iptables'])
  test(`${ipMasqBackend}: GC removes stale attachments completely, and does not touch valid ones and other networks`, async () => {
    const net = bridgeNetwork({ ...keys, ipMasqBackend }, '1.1.0')
    const other = bridgeNetwork({ ...keys, ipMasqBackend }, '1.1.0')
    const [valid, stale, foreign] = [newContainer(), newContainer(), newContainer()]
    const config = single(net)
    await call({ verb: 'ADD', config, containerID: 'valid', netns: valid.path })
    await cnitool.add(other, foreign)
    const before = snapshot()
    await call({ verb: 'ADD', config, containerID: 'stale', netns: stale.path })
    const attachments = [{ containerID: 'valid', ifname: 'eth0' }]
    const gc = { ...config, 'cni.dev/valid-attachments': attachments }
    const { status, json } = await call({ verb: 'GC', config: gc })
    assert.equal([status, json], [0, undefined])
    unchanged(before)
    assert.not.ok(exists('eth0', stale))
    const [gateway = ''] = addresses(net.plugins[0]?.bridge as string)
    assert.ok(pings(valid, bare(gateway)))
    await cnitool.check(other, foreign)
  })

test('cnitool’s gc, which names no valid attachment, removes all of the network', async () => {
  const net = bridgeNetwork(keys, '1.1.0')
  const bridge = net.plugins[0]?.bridge as string
  await cnitool.add(net, newContainer())
  await cnitool.add(net, newContainer())
  assert.is(ports(bridge).length, 2)
  await cnitool.gc(net)
  assert.is(ports(bridge).length, 0)
})

test.run()
