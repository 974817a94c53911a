/** ptp: DEL succeeds in every state, GC removes what no attachment uses, STATUS says whether ADD would work, many DELs at once. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { done, readyBesideResident } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists, hostEnd } from '../harness/look.ts'
import { ptpNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const ready = (keys: Record<string, unknown> = {}) =>
  readyBesideResident(single(ptpNetwork({ ipMasq: true, ...keys }, '1.1.0')))

test('DEL twice: the second succeeds without output', async () => {
  const { before, del } = await ready()
  assert.equal(await call(del), done)
  assert.equal(await call(del), done)
  unchanged(before)
})

test('DEL with CNI_NETNS empty and no prevResult, the namespace still there', async () => {
  const { container, before, del } = await ready()
  assert.equal(await call({ ...del, netns: '' }), done)
  assert.not.ok(exists('eth0', container))
  unchanged(before)
})

test('DEL with the host’s end deleted', async () => {
  const { container, before, del } = await ready({ ipMasqBackend: 'iptables' })
  ip(`link delete ${hostEnd(container).ifname}`)
  assert.equal(await call(del), done)
  unchanged(before)
})

test('DEL before any ADD', async () => {
  const before = snapshot()
  const config = single(ptpNetwork({ ipMasq: true }))
  assert.equal(await call({ verb: 'DEL', config, netns: newContainer().path }), done)
  unchanged(before)
})

for (const wrong of [{ mtu: 'large' }, { ipMasqBackend: 'pf' }, { ipMas: true }, { ipMasq: 'yes' }])
  test(`DEL of a configuration that ADD refuses still cleans up: ${JSON.stringify(wrong)}`, async () => {
    const { config, before, del } = await ready()
    const { status } = await call({ ...del, config: { ...config, ...wrong } })
    assert.is(status, 0)
    unchanged(before)
  })

test('GC removes stale attachments completely, and does not touch valid ones and other networks', async () => {
  const other = ptpNetwork({ ipMasq: true }, '1.1.0')
  const foreign = newContainer()
  await cnitool.add(other, foreign)
  const { config, container, resident, before } = await ready()
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'resident', ifname: 'eth0' }] }
  assert.is((await call({ verb: 'GC', config: { ...config, ...valid } })).status, 0)
  unchanged(before)
  assert.not.ok(exists('eth0', container))
  assert.ok(exists('eth0', resident))
  await cnitool.check(other, foreign)
})

test('STATUS of a working network succeeds and changes nothing', async () => {
  const before = snapshot()
  await cnitool.status(ptpNetwork({ ipMasq: true }, '1.1.0'))
  unchanged(before)
})

test('30 parallel ADDs and 30 parallel DELs succeed', async () => {
  const net = ptpNetwork({ ipMasq: true })
  await cnitool.add(net, newContainer())
  const before = snapshot()
  const containers = Array.from({ length: 30 }, () => newContainer())
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  const given = results.flatMap(({ ips }) => addressesOf(ips))
  assert.is(new Set(given).size, 60)
  for (const address of given.slice(-2)) assert.ok(pings(containers[0], address), address)
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  unchanged(before)
  assert.not.match(command('ip', 'route'), given[0] as string)
})

test.run()
