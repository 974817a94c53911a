/** vlan: DEL succeeds in every state and releases the address, a failed ADD leaves nothing, many containers at once. */
// needs: link vlan

import { existsSync, readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { done, readyForDel } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged, unchangedFiles } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import { lan } from '../harness/lan.ts'
import { addresses, exists, inContainer } from '../harness/look.ts'
import { hostLocal, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { attachVlan, tidy, vlanNetwork } from '../harness/vlan.ts'

await privateHost()
const far = lan()
test.after.each(tidy)

const ipam = hostLocal('10.7.0.0/24', 'fd07::/64')

const ready = (keys: Record<string, unknown>, master = 'eth0') =>
  readyForDel(single(vlanNetwork({ ipam, master, ...keys }, undefined, '1.1.0')))

/** The shared devices that still have a user. */
const claims = () => (existsSync('/run/patchbay/claims') ? readdirSync('/run/patchbay/claims') : [])

for (const keys of [{ vlanId: 100 }, { tags: [100, 20] }]) {
  const what = JSON.stringify(keys)

  test(`${what}: DEL twice: the second succeeds`, async () => {
    const { before, del } = await ready(keys)
    assert.equal(await call(del), done)
    assert.equal(await call(del), done)
    unchanged(before)
  })

  test(`${what}: DEL with the parent deleted`, async () => {
    ip('link add passing type veth peer name gnissap')
    for (const name of ['passing', 'gnissap']) ip(`link set ${name} up`)
    const { before, container, del } = await ready(keys, 'passing')
    ip('link delete passing')
    assert.not(exists('eth0', container), 'the kernel deletes a VLAN with its parent')
    assert.equal(await call(del), done)
    unchangedFiles(before)
    assert.equal(claims(), [])
  })

  test(`${what}: DEL with the parent renamed`, async () => {
    const { before, container, del } = await ready(keys)
    for (const words of ['eth0 down', 'eth0 name lan0']) ip(`link set ${words}`)
    assert.equal(await call(del), done)
    assert.not(exists('eth0', container))
    for (const words of ['lan0 name eth0', 'eth0 up']) ip(`link set ${words}`)
    unchanged(before)
  })

  test(`${what}: DEL of a configuration that ADD refuses still cleans up`, async () => {
    const { before, del } = await ready(keys)
    const config = { ...del.config, master: 7, vlanId: 'x', protocol: 'y', tags: {}, mtu: -1 }
    assert.is((await call({ ...del, config })).status, 0)
    unchanged(before)
  })

  test(`${what}: an ADD that fails in IPAM or at a route leaves nothing`, async () => {
    const container = newContainer()
    const before = [snapshot(), snapshotOf(container.name)] as const
    const full = { type: 'host-local', ranges: [[{ subnet: '10.8.0.0/30' }]] }
    const first = await attachVlan({ ipam: full, vlanId: 4000 })
    const route = {
      type: 'static',
      addresses: [{ address: '10.8.0.2/24' }],
      routes: [{ dst: '10.9.0.0/24', gw: '224.0.0.9' }],
    }
    for (const wrong of [
      { type: 'host-local', ranges: [[{ subnet: '10.8.0.1/24' }]] },
      { type: 'none' },
      route,
    ]) {
      const config = single(vlanNetwork({ ...keys, ipam: wrong }))
      assert.is((await call({ verb: 'ADD', config, netns: container.path })).status, 1, JSON.stringify(wrong))
    }
    await first.del()
    unchanged(before[0])
    unchanged(before[1], () => snapshotOf(container.name))
  })
}

test('DEL before any ADD, and without a parent', async () => {
  const before = snapshot()
  const config = single(vlanNetwork({ vlanId: 9, ipam, master: 'nowhere' }))
  assert.equal(await call({ verb: 'DEL', config, netns: newContainer().path }), done)
  unchanged(before)
})

test('a VLAN of another container is refused with its name; after its DEL the VLAN is free', async () => {
  const owner = await attachVlan({ vlanId: 100 })
  const before = snapshot()
  const said = await refusal(attachVlan({ vlanId: 100 }))
  assert.match(said, `VLAN 100 (802.1Q) on eth0 is taken by eth0 in namespace ${owner.name}`)
  assert.match(said, `ip -n ${owner.name} -d link show dev eth0`)
  unchanged(before)
  await owner.del()
  await attachVlan({ vlanId: 100 })
})

test('a VLAN of the host is refused with the name of its device', async () => {
  ip('link add link eth0 name eth0.100 type vlan id 100')
  const before = snapshot()
  assert.match(await refusal(attachVlan({ vlanId: 100 })), 'VLAN 100 (802.1Q) on eth0 is taken by eth0.100: ')
  unchanged(before)
})

test('an existing VLAN on the container’s own interface is refused', async () => {
  const container = newContainer()
  inContainer(container, 'link add net0 type veth peer name 0ten')
  for (const name of ['net0', '0ten']) inContainer(container, `link set ${name} up`)
  inContainer(container, 'link add link net0 name mine type vlan id 100')
  const net = vlanNetwork({ vlanId: 100, master: 'net0', linkInContainer: true })
  assert.match(await refusal(cnitool.add(net, container)), 'VLAN 100 (802.1Q) on net0 is taken by mine: ')
})

test('twenty parallel ADDs of different VLANs on one parent succeed with different addresses, and leave nothing after DEL', async () => {
  const before = snapshot()
  const net = { ...vlanNetwork({ ipam, vlanId: 1 }), name: 'many' }
  const all = Array.from({ length: 20 }, (_, index) => {
    const plugins = net.plugins.map((plugin) => ({ ...plugin, vlanId: 200 + index }))
    return { net: { ...net, plugins }, container: newContainer() }
  })
  const add = ({ net, container }: (typeof all)[number]) =>
    insisting(() =>
      call({ verb: 'ADD', config: single(net), netns: container.path, containerID: container.name }),
    )
  const answers = await Promise.all(all.map(add))
  for (const { status, json } of answers) assert.is(status, 0, JSON.stringify(json))
  const given = all.flatMap(({ container }) => addresses('eth0', container))
  assert.is(new Set(given).size, 40)
  for (const { net, container } of all)
    await call({ verb: 'DEL', config: single(net), netns: container.path, containerID: container.name })
  unchanged(before)
})

test('of ten parallel ADDs of the same VLAN one succeeds, and the others are refused with its name', async () => {
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => attachVlan({ vlanId: 100 })))
  const refusals = attempts.flatMap((attempt) =>
    attempt.status === 'rejected' ? [String(attempt.reason)] : [],
  )
  assert.is(refusals.length, 9)
  for (const said of refusals) assert.match(said, 'VLAN 100 (802.1Q) on eth0 is taken by')
})

test('after all tests the far host’s end of the cable still exists', () => assert.ok(exists('trunk', far)))

test.run()
