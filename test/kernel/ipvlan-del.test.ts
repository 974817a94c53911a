/** ipvlan: DEL succeeds in every state, GC and STATUS; alone, in a chain, many at once. */
// needs: link ipvlan

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { done, readyForDel } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { unchanged, unchangedFiles } from '../harness/expect.ts'
import { farHost, near, newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, link, routes } from '../harness/look.ts'
import { hostLocal, single } from '../harness/networks.ts'
import { ipvlanNetwork } from '../harness/nic.ts'
import { testParentLost } from '../harness/parent-lost.ts'
import { call, type Result } from '../harness/plugin.ts'
import { filesIn, snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const ready = (keys: Record<string, unknown> = {}) => readyForDel(single(ipvlanNetwork(keys, '1.1.0')))

test('DEL twice: the second succeeds without output', async () => {
  const { before, del, container } = await ready({ hostAccess: true })
  assert.equal(await call(del), done)
  assert.not.ok(exists('eth0', container))
  assert.equal(await call(del), done)
  unchanged(before)
})

testParentLost(ready)

test('DEL and CHECK succeed without master and without a default route', async () => {
  const { before, del, config, container } = await ready({ master: undefined })
  ip('route delete default')
  ip('-6 route delete default')
  const [eth0] = [link('eth0', container)]
  const prevResult = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth0', mac: eth0.address, sandbox: container.path }],
    ips: addresses('eth0', container).map((address) => ({ address, interface: 0 })),
  }
  const check = { config: { ...config, prevResult }, containerID: 'passing', netns: container.path }
  assert.equal(await call({ ...check, verb: 'CHECK' }), done)
  assert.equal(await call(del), done)
  unchangedFiles(before)
  ip('route add default dev uplink')
  ip('-6 route add default dev uplink')
})

for (const wrong of [{ mode: 'l4' }, { flag: 7 }, { master: 'a/b' }, { mode: 'l3', ipam: 'none' }])
  test(`DEL of a configuration that ADD refuses still removes the interface: ${JSON.stringify(wrong)}`, async () => {
    const { config, del, container } = await ready()
    await call({ ...del, config: { ...config, ...wrong } })
    assert.not.ok(exists('eth0', container))
    assert.equal(await call(del), done)
  })

test('GC removes hostAccess and addresses of stale attachments, and does not touch valid ones', async () => {
  const { config, before, del } = await ready({ hostAccess: true })
  const beside = snapshot()
  const stale = { ...del, containerID: 'stale', netns: newContainer().path }
  await call({ ...stale, verb: 'ADD' })
  for (const [valid, left] of [
    [[{ containerID: 'passing', ifname: 'eth0' }], beside],
    [[], before],
  ] as const) {
    const { status } = await call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': valid } })
    assert.is(status, 0)
    assert.equal(filesIn(snapshot()).filter(isNotPortRecord), filesIn(left).filter(isNotPortRecord))
  }
  // GC gets no namespaces: the interfaces still exist, and the parent keeps their mode.
  for (const each of [del, stale]) assert.equal(await call(each), done)
})

/** Excludes ipvlan's records: the next ADD removes that of a container without DEL. */
function isNotPortRecord(line: string): boolean {
  return !line.includes('/run/patchbay/ipvlan')
}

test('STATUS of a working network succeeds and changes nothing; otherwise it names the fault', async () => {
  const before = snapshot()
  await cnitool.status(ipvlanNetwork({}, '1.1.0'))
  unchanged(before)
  const { json } = await call({
    verb: 'STATUS',
    config: single(ipvlanNetwork({ master: 'nosuch' }, '1.1.0')),
  })
  assert.equal([json?.code, json?.msg], [50, 'master: the host has no interface "nosuch": name another'])
})

test('20 parallel ADDs and 20 parallel DELs succeed', async () => {
  const net = ipvlanNetwork({ ipam: hostLocal('10.73.0.0/24', 'fd73::/64') })
  const before = snapshot()
  const containers = Array.from({ length: 20 }, () => newContainer())
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  const given = results.flatMap(({ ips }) => addressesOf(ips))
  assert.is(new Set(given).size, 40)
  for (const address of given.slice(-2)) assert.ok(pings(containers[0], address), address)
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  for (const container of containers) assert.not.ok(exists('eth0', container))
  unchanged(before)
})

/** The result of an earlier plugin in a list. */
const prevResult = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'uplink', mac: '02:00:5e:10:00:01' }],
  ips: [{ address: '198.51.100.200/24', gateway: '198.51.100.1', interface: 0 }],
  routes: [{ dst: '0.0.0.0/0' }],
  dns: { nameservers: ['192.0.2.53'] },
}

test('in a chain, the earlier plugin’s interface is the parent, and its addresses go to the container', async () => {
  const { ipam: _, master: __, ...config } = { master: '', ipam: {}, ...single(ipvlanNetwork()) }
  const container = newContainer()
  const request = { containerID: 'chained', netns: container.path }
  const { status, json } = await call({ ...request, verb: 'ADD', config: { ...config, prevResult } })
  assert.is(status, 0, JSON.stringify(json))
  const { interfaces, ips, dns } = json as unknown as Result
  assert.equal(
    interfaces.map(({ name, sandbox }) => [name, sandbox]),
    [['eth0', container.path]],
  )
  assert.equal(ips, [{ ...prevResult.ips[0], interface: 0 }])
  assert.equal(dns, prevResult.dns)
  assert.is(link('eth0', container).link_index, link('uplink').ifindex)
  assert.equal(addresses('eth0', container), ['198.51.100.200/24'])
  assert.equal(routes(4, container), ['default via 198.51.100.1', '198.51.100.0/24'])
  assert.is((await call({ ...request, verb: 'CHECK', config: { ...config, prevResult: json } })).status, 0)
  assert.is((await call({ ...request, verb: 'DEL', config: { ...config, prevResult: json } })).status, 0)
  assert.not.ok(exists('eth0', container))
})

test('in a chain in mode l3, addresses without IPAM are enough, and gateways are dropped', async () => {
  const { ipam: _, ...config } = { ipam: {}, ...single(ipvlanNetwork({ mode: 'l3s' })) }
  const container = newContainer()
  const request = { containerID: 'chained', netns: container.path, config: { ...config, prevResult } }
  const { json } = await call({ ...request, verb: 'ADD' })
  assert.equal((json as unknown as Result).ips, [{ address: '198.51.100.200/24', interface: 0 }])
  assert.equal(routes(4, container), ['default', '198.51.100.0/24'])
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
})

test('in a chain without exactly one possible parent, master is required', async () => {
  const config = { ...single(ipvlanNetwork({ master: undefined })) }
  const two = [...prevResult.interfaces, { name: 'other', mac: '02:00:5e:10:00:02' }]
  for (const [interfaces, found] of [
    [two, 'found uplink, other'],
    [[], 'found none'],
    [[{ name: 'eth1', sandbox: '/run/netns/x' }], 'found none'],
  ] as const) {
    const chained = { ...config, prevResult: { ...prevResult, interfaces, ips: [] } }
    const { json } = await call({ verb: 'ADD', config: chained, netns: newContainer().path })
    assert.is(json?.code, 7)
    assert.match(String(json?.msg), found)
    assert.match(String(json?.details), '"master": "eth0"')
  }
})

test('in a chain, an address of the parent is refused too', async () => {
  const config = single(ipvlanNetwork({ ipam: undefined }))
  const ips = [{ address: `${near.ipv4}/24` }]
  const container = newContainer()
  const chained = { ...config, prevResult: { ...prevResult, ips } }
  const { json } = await call({ verb: 'ADD', config: chained, netns: container.path })
  assert.match(String(json?.msg), `${near.ipv4} is an address of the parent uplink`)
  assert.not.ok(exists('eth0', container))
})

test.run()
