/** vlan with several tags: stacked in the frames; the outer device is made once, shared, and removed with the last container. */
// needs: link vlan

import { readdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip, ipJson } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { type Link, link, sysctl } from '../harness/look.ts'
import { single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'
import { attachVlan, tagged, tidy, vlanNetwork } from '../harness/vlan.ts'

await privateHost()
const far = lan()
test.after.each(tidy)

/** The host's VLAN devices. */
const outers = () => ipJson<Link>('link show type vlan').map(({ ifname }) => ifname)
const outer = () => outers()[0] ?? ''

for (const [tags, protocol, headers] of [
  [
    [100, 20],
    undefined,
    /\(0x88a8\).* vlan 100, p 0, ethertype 802\.1Q \(0x8100\), vlan 20, p 0, ethertype IPv4/,
  ],
  [
    [100, 20],
    '802.1Q',
    /ethertype 802\.1Q \(0x8100\).* vlan 100, p 0, ethertype 802\.1Q.* vlan 20, p 0, ethertype IPv4/,
  ],
  [[100, 30, 20], undefined, /\(0x88a8\).* vlan 100, .* vlan 30, .* vlan 20, p 0, ethertype IPv4/],
] as const)
  test(`tags ${tags}, protocol ${protocol ?? 'not given'}: frames have them in this order, and are answered`, async () => {
    let parent = 'trunk'
    for (const [index, id] of tags.entries()) {
      const kind = `protocol ${index > 0 ? '802.1Q' : (protocol ?? '802.1ad')} id ${id}`
      tagged(far, parent, `v${id}`, kind, index === tags.length - 1 ? '10.0.0.1' : undefined)
      parent = `v${id}`
    }
    const container = await attachVlan({ tags, ...(protocol && { protocol }) }, '10.0.0.2')
    const heard = await overhear('trunk', '', () => assert.ok(pings(container, '10.0.0.1')), far)
    assert.match(heard.filter((line) => line.includes('echo request')).join('\n'), headers)
    await container.del()
    assert.equal(outers(), [])
  })

test('two containers share the outer device; it works after DEL of the first, and DEL of the last removes it', async () => {
  tagged(far, 'trunk', 'v100', 'protocol 802.1ad id 100')
  for (const id of [20, 30]) tagged(far, 'v100', `v${id}`, `id ${id}`, `10.0.${id}.1`)
  const before = snapshot()
  const one = await attachVlan({ tags: [100, 20] }, '10.0.20.2')
  const other = await attachVlan({ tags: [100, 30] }, '10.0.30.2')
  assert.is(outers().length, 1)
  assert.equal(one.result.interfaces[0], other.result.interfaces[0])
  assert.ok(pings(one, '10.0.20.1') && pings(other, '10.0.30.1'))
  assert.ok(isSilent(one, '10.0.30.1'))
  await one.del()
  await one.del()
  assert.ok(pings(other, '10.0.30.1'))
  await other.del()
  unchanged(before)
})

test('the outer device has no IPv6: the host has no address on it and ignores router advertisements', async () => {
  await attachVlan({ tags: [100, 20] })
  assert.is(sysctl(`net/ipv6/conf/${outer()}/disable_ipv6`), '1')
})

test('an outer device of the operator is used under any name, and never removed', async () => {
  ip('link add link eth0 name service type vlan protocol 802.1ad id 100')
  ip('link set service up')
  const before = snapshot()
  const container = await attachVlan({ tags: [100, 20] })
  assert.equal(outers(), ['service'])
  assert.is(container.result.interfaces[0]?.name, 'service')
  await container.del()
  unchanged(before)
})

test('an outer device of the operator that is down is refused with its name', async () => {
  ip('link add link eth0 name service type vlan protocol 802.1ad id 100')
  const before = snapshot()
  assert.match(
    await refusal(attachVlan({ tags: [100, 20] })),
    /the parent service is down.*ip link set dev service up/,
  )
  unchanged(before)
})

test('an outer tag that a container has as its own VLAN is refused with that container’s name', async () => {
  const owner = await attachVlan({ vlanId: 100, protocol: '802.1ad' })
  const before = snapshot()
  const said = await refusal(attachVlan({ tags: [100, 20] }))
  assert.match(said, `VLAN 100 (802.1ad) on eth0 is taken by eth0 in namespace ${owner.name}`)
  unchanged(before)
})

/** Most kernels rename an interface only when it is down. */
function rename(from: string, to: string): void {
  for (const words of [`${from} down`, `${from} name ${to}`, `${to} up`]) ip(`link set ${words}`)
}

test('with the parent renamed, the next container shares the device, and DEL of the last removes it', async () => {
  const before = snapshot()
  const one = await attachVlan({ tags: [100, 20] })
  rename('eth0', 'lan0')
  const other = await attachVlan({ master: 'lan0', tags: [100, 30] })
  assert.is(outers().length, 1)
  await one.del()
  await other.del()
  assert.equal(outers(), [])
  rename('lan0', 'eth0')
  unchanged(before)
})

test('GC removes only the outer devices of stale attachments', async () => {
  const before = snapshot()
  const net = vlanNetwork({ tags: [100, 20] }, undefined, '1.1.0')
  const lost = newContainer()
  await cnitool.add(net, lost)
  const other = await attachVlan({ tags: [100, 30] })
  removeContainer(lost)
  await cnitool.gc(net)
  assert.is(outers().length, 1)
  await other.del()
  unchanged(before)
})

test('GC of a network keeps the outer device of valid attachments', async () => {
  const config = single(vlanNetwork({ tags: [100, 20] }, undefined, '1.1.0'))
  const container = newContainer()
  await call({ verb: 'ADD', config, containerID: 'alive', netns: container.path })
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'alive', ifname: 'eth0' }] }
  assert.is((await call({ verb: 'GC', config: { ...config, ...valid } })).status, 0)
  assert.is(outers().length, 1)
  assert.is((await call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': [] } })).status, 0)
  assert.equal(outers(), [])
})

test('a damaged record, and a device without its alias, are still removed with the last container', async () => {
  const before = snapshot()
  const one = await attachVlan({ tags: [100, 20] })
  const directory = '/run/patchbay/links'
  for (const file of readdirSync(directory)) writeFileSync(`${directory}/${file}`, '{"network"')
  command('ip', 'link', 'set', outer(), 'alias', '')
  const other = await attachVlan({ tags: [100, 30] })
  await one.del()
  assert.is(outers().length, 1)
  await other.del()
  unchanged(before)
})

test('six parallel ADDs, two on each of three outer tags, make three devices, and six DELs remove them', async () => {
  const before = snapshot()
  const stacks = [100, 200, 300].flatMap((id) => [
    [id, 1],
    [id, 2],
  ])
  const all = await Promise.all(stacks.map((tags) => attachVlan({ tags })))
  assert.is(outers().length, 3)
  await Promise.all(all.map(({ del }) => del()))
  unchanged(before)
})

test('with parallel ADDs and DELs on one outer tag, no container loses its outer device', async () => {
  const before = snapshot()
  const live = async (id: number) => {
    for (let round = 0; round < 3; round++) {
      const container = await attachVlan({ tags: [100, id] })
      assert.ok(link('eth0', container).flags.includes('UP'))
      await container.del()
    }
  }
  await Promise.all([1, 2, 3, 4].map(live))
  unchanged(before)
})

test.run()
