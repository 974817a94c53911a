/** vxcan: frames between a container and the host, and between two containers; names on the host; refusals. */
// needs: link vxcan
// packages: can-utils

import * as assert from 'uvu/assert'
import { added } from '../harness/attach.ts'
import { type Bus, heardFrames, sendFrames } from '../harness/can.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip, ipJson } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists, hostEnd, inContainer, type Link, link } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const ifname = 'can0'
const config = { type: 'vxcan', name: 'net', cniVersion: '1.1.0' }
const frames = ['123#1122', '1F334455#AA', '123##71122334455667788AABBCCDD']

/** Asserts that each end receives the other's frames, and that a third container receives none. */
async function assertJoined(one: Bus, two: Bus): Promise<void> {
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const)
    assert.equal(await heardFrames(to, () => sendFrames(from, ...frames)), frames)
}

test('151-vxcan.conflist: host and container receive each other’s classic and FD frames', async () => {
  const net = exampleNetwork('151-vxcan.conflist')
  const container = newContainer()
  const { interfaces } = await cnitool.add(net, container, { ifname })
  assert.equal(interfaces, [
    { name: 'can-demo', mtu: 72 },
    { name: ifname, mtu: 72, sandbox: container.path },
  ])
  await assertJoined({ ifname: 'can-demo' }, { ifname, netns: container })
  await cnitool.check(net, container, { ifname })
  await cnitool.del(net, container, { ifname })
  assert.not.ok(exists('can-demo'))
})

test('152-vxcan-wire.conflist: two containers receive each other’s frames, and nothing is on the host', async () => {
  const net = exampleNetwork('152-vxcan-wire.conflist')
  const [one, two, three] = [newContainer(), newContainer(), newContainer()]
  const before = snapshot()
  await cnitool.add(net, one, { ifname })
  await cnitool.add(net, two, { ifname: 'bus' })
  assert.equal(ipJson<Link>('link show type vxcan'), [])
  await assertJoined({ ifname, netns: one }, { ifname: 'bus', netns: two })
  await cnitool.check(net, two, { ifname: 'bus' })
  const third = { ...config, ...net.plugins[0], name: net.name, type: 'vxcan' }
  const { json } = await call({ verb: 'ADD', config: third, containerID: 'three', netns: three.path })
  assert.is(json?.code, 11)
  assert.match(String(json?.msg), 'wire engine-gearbox has no end left')
  await cnitool.del(net, one, { ifname })
  assert.not.ok(exists('bus', two))
  await cnitool.del(net, two, { ifname: 'bus' })
  unchanged(before)
})

test('a wire of CAN and one of Ethernet may have the same name', async () => {
  const [one, two] = [newContainer(), newContainer()]
  const ends = ['wire', 'vxcan'].flatMap((type) =>
    [one, two].map(({ name, path }) => ({
      config: { ...config, type, wire: 'same' },
      containerID: name,
      netns: path,
      ifname: type,
    })),
  )
  for (const end of ends) assert.is((await call({ verb: 'ADD', ...end })).status, 0)
  for (const container of [one, two])
    assert.equal(
      ['wire', 'vxcan'].map((name) => link(name, container).linkinfo?.info_kind),
      ['veth', 'vxcan'],
    )
  await assertJoined({ ifname: 'vxcan', netns: one }, { ifname: 'vxcan', netns: two })
  for (const end of ends) assert.is((await call({ verb: 'DEL', ...end })).status, 0)
})

test('without a name, the alias of the host’s end names the container; mtu and txQueueLen are set on both ends', async () => {
  const container = newContainer()
  const attachment = {
    config: { ...config, mtu: 2060, txQueueLen: 50 },
    containerID: 'ecu',
    netns: container.path,
    ifname,
  }
  assert.is((await call({ verb: 'ADD', ...attachment })).status, 0)
  const end: Link & { ifalias?: string } = hostEnd(container, ifname, 'vxcan')
  assert.match(end.ifname, /^vxcn[0-9a-f]{11}$/)
  assert.is(end.ifalias, 'patchbay:net/ecu/can0')
  for (const { mtu, txqlen } of [end, link(ifname, container)]) assert.equal([mtu, txqlen], [2060, 50])
  const again = await call({ verb: 'ADD', ...attachment, netns: newContainer().path })
  assert.match(String(again.json?.msg), 'this attachment exists already')
  assert.ok(exists(ifname, container))
  assert.is((await call({ verb: 'DEL', ...attachment, netns: '' })).status, 0)
  assert.not.ok(exists(ifname, container))
})

test('an existing hostIfname is refused, and DEL does not touch that interface', async () => {
  ip('link add busy type veth')
  const before = snapshot()
  const attachment = { config: { ...config, hostIfname: 'busy' }, netns: newContainer().path, ifname }
  const { json } = await call({ verb: 'ADD', ...attachment })
  assert.equal(
    [json?.code, json?.msg],
    [7, 'hostIfname: the host has an interface busy already: choose another'],
  )
  assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
  unchanged(before)
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: DEL without CNI_NETNS finds the host's end, although hostIfname has left the configuration`, async () => {
    const before = snapshot()
    const attachment = { config, engine, netns: newContainer().path, ifname }
    await added({ ...attachment, config: { ...config, hostIfname: 'formerly' } })
    assert.is((await call({ verb: 'DEL', ...attachment, netns: '' })).status, 0)
    unchanged(before)
  })

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: where names are too long for an alias, DEL removes the pair, and no other interface`, async () => {
    ip('link add bus0 type vcan')
    const container = newContainer()
    const named = { ...config, name: 'n'.repeat(190), hostIfname: 'bus0' }
    const request = { config: named, engine, ifname, containerID: 'c'.repeat(64), netns: container.path }
    assert.is((await call({ verb: 'ADD', ...request })).json?.code, 7)
    for (const netns of [container.path, ''])
      assert.is((await call({ verb: 'DEL', ...request, netns })).status, 0)
    assert.ok(exists('bus0'))
    ip('link delete bus0')
    const before = snapshot()
    await added(request)
    ip('link add other0 type vxcan peer name other1')
    assert.is((await call({ verb: 'DEL', ...request })).status, 0)
    assert.ok(exists('other0'))
    ip('link delete other0')
    unchanged(before)
  })

test('GC removes the ends of stale attachments', async () => {
  const [stale, kept] = [newContainer(), newContainer()]
  for (const [containerID, { path: netns }] of [
    ['stale', stale],
    ['kept', kept],
  ] as const)
    assert.is((await call({ verb: 'ADD', config, containerID, netns, ifname })).status, 0)
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'kept', ifname }] }
  assert.is((await call({ verb: 'GC', config: { ...config, ...valid } })).status, 0)
  assert.equal([exists(ifname, stale), exists(ifname, kept)], [false, true])
  inContainer(kept, `link delete ${ifname}`)
})

for (const [keys, said] of [
  [{ mtu: 64 }, 'mtu: must be 16 (classic CAN), 72 (CAN FD), or from 76 to 2060 (CAN XL), found 64'],
  [
    { wire: 'a', hostIfname: 'b' },
    'wire and hostIfname cannot be set together: a wire has no end on the host',
  ],
  [{ wire: 'a', gateway: { device: 'can9' } }, 'wire and gateway cannot be set together'],
  [{ wire: 'a/b' }, 'wire is "a/b", must be a name of letters'],
  [{ hostIfname: 'a-name-that-is-too-long' }, 'must be an interface name'],
  [{ ipam: { type: 'static' } }, 'ipam is set: a CAN interface has no IP addresses'],
  [{ args: { cni: { mac: '02:00:00:00:00:01' } } }, 'a CAN interface has none'],
  [{ gateway: {} }, 'gateway.device is missing'],
  [{ gateway: { device: 'can9', toContainer: [{ filter: '12:7FF' }] } }, 'must be ID:MASK or ID~MASK'],
  [{ gateway: { device: 'can9', toContainer: [{ set: { len: 9 } }] } }, 'more than 8 bytes'],
  [{ gateway: { device: 'can9', fromContainer: [{ set: { id: '1234' } }] } }, 'must be a CAN identifier'],
  [{ gatway: { device: 'can9' } }, 'did you mean gateway'],
] as const)
  test(`refused with code 7: ${JSON.stringify(keys)}`, async () => {
    const before = snapshot()
    const { json } = await call({ verb: 'ADD', config: { ...config, ...keys }, netns: newContainer().path })
    assert.is(json?.code, 7, JSON.stringify(json))
    assert.ok(String(json?.msg).includes(said), String(json?.msg))
    unchanged(before)
  })

test.run()
