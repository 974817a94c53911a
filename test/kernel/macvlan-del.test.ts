/** macvlan: DEL succeeds in every state, GC releases what no attachment uses, STATUS says whether ADD would work. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { done, readyForDel } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { unchanged, unchangedFiles } from '../harness/expect.ts'
import { farHost, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists, link } from '../harness/look.ts'
import { hostLocal, single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { testParentLost } from '../harness/parent-lost.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
farHost()

const ready = (keys: Record<string, unknown> = {}) => readyForDel(single(macvlanNetwork(keys, '1.1.0')))

for (const mode of ['private', 'vepa', 'bridge', 'passthru']) {
  test(`${mode}: DEL twice: the second succeeds without output`, async () => {
    const { before, del, container } = await ready({ mode })
    assert.equal(await call(del), done)
    assert.not.ok(exists('eth0', container))
    assert.equal(await call(del), done)
    unchanged(before)
  })

  test(`${mode}: DEL with the namespace deleted releases the address`, async () => {
    const { before, del, container } = await ready({ mode })
    removeContainer(container)
    assert.equal(await call(del), done)
    unchanged(before)
    await until('the kernel has deleted the macvlan', () => link('uplink').promiscuity === 0)
  })
}

test('DEL with CNI_NETNS empty releases the address', async () => {
  const { before, del, container } = await ready()
  assert.equal(await call({ ...del, netns: '' }), done)
  unchanged(before)
  removeContainer(container)
})

testParentLost(ready)

test('DEL without master and without a default route', async () => {
  const { before, del } = await ready({ master: undefined })
  ip('route delete default')
  assert.equal(await call(del), done)
  unchangedFiles(before)
  ip('route add default dev uplink')
})

for (const wrong of [{ mode: 'bridged' }, { mtu: 'large' }, { master: 'a/b' }, { sourceMacs: 'all' }])
  test(`DEL of a configuration that ADD refuses still cleans up: ${JSON.stringify(wrong)}`, async () => {
    const { config, before, del } = await ready()
    assert.is((await call({ ...del, config: { ...config, ...wrong } })).status, 0)
    unchanged(before)
  })

test('after DEL the address is free for the next container', async () => {
  const ipam = { type: 'host-local', subnet: '10.72.0.0/30', gateway: '10.72.0.2' }
  const net = macvlanNetwork({ ipam })
  for (let round = 0; round < 3; round++) {
    const container = newContainer()
    const { ips } = await cnitool.add(net, container)
    assert.equal(addressesOf(ips), ['10.72.0.1'])
    await cnitool.del(net, container)
  }
})

test('GC releases the addresses of stale attachments, and does not touch valid ones', async () => {
  const { config, before } = await ready()
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'passing', ifname: 'eth0' }] }
  const beside = snapshot()
  await call({ verb: 'ADD', config, containerID: 'stale', netns: newContainer().path })
  assert.is((await call({ verb: 'GC', config: { ...config, ...valid } })).status, 0)
  unchanged(beside)
  const none = { 'cni.dev/valid-attachments': [] }
  assert.is((await call({ verb: 'GC', config: { ...config, ...none } })).status, 0)
  unchanged(before)
})

test('STATUS of a working network succeeds and changes nothing; otherwise it names the fault', async () => {
  const before = snapshot()
  await cnitool.status(macvlanNetwork({}, '1.1.0'))
  unchanged(before)
  const config = single(macvlanNetwork({ master: 'nosuch' }, '1.1.0'))
  const { json } = await call({ verb: 'STATUS', config })
  assert.equal([json?.code, json?.msg], [50, 'master: the host has no interface "nosuch": name another'])
})

test('STATUS does not require a parent that will be in the container', async () => {
  await cnitool.status(macvlanNetwork({ linkInContainer: true, master: 'nosuch' }, '1.1.0'))
})

test('30 parallel ADDs and 30 parallel DELs succeed', async () => {
  const net = macvlanNetwork({ ipam: hostLocal('10.73.0.0/24', 'fd73::/64') })
  const before = snapshot()
  const containers = Array.from({ length: 30 }, () => newContainer())
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  const given = results.flatMap(({ ips }) => addressesOf(ips))
  assert.is(new Set(given).size, 60)
  assert.is(new Set(results.map(({ interfaces }) => interfaces[0]?.mac)).size, 30)
  for (const address of given.slice(-2)) assert.ok(pings(containers[0], address), address)
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  for (const container of containers) assert.not.ok(exists('eth0', container))
  unchanged(before)
})

test.run()
