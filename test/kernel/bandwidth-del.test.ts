/** bandwidth: DEL and GC, of two interfaces, after renaming, beside the reference. */
// needs: link ifb, qdisc tbf, qdisc htb

import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { steady, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import {
  addVeth,
  ended,
  hostEndOf,
  referenceName,
  removeShaped,
  requestFor,
  type Shaped,
  shaped,
  shapedContainer,
  verb,
} from '../harness/shaped.ts'
import { snapshot } from '../harness/snapshot.ts'
import { qdiscs, tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'

await privateHost()

test('two interfaces of one container have an IFB each, and DEL of one leaves that of the other (the reference refuses the second)', async () => {
  const keys = { egressRate: 8_000_000, egress: 'ifb' }
  const one = await shaped(keys)
  addVeth(one.container, 'net1')
  const other = { ...one, request: requestFor(one.container, keys, 'net1') }
  const { interfaces } = await added(other.request)
  const second = interfaces.at(-1)?.name ?? ''
  const first = referenceName('net', one.container.name)
  assert.not.equal(second, first)
  for (const made of [one, other]) {
    assert.equal(await verb('CHECK', made), done)
    assert.match(errorOf(await verb('ADD', made)).said, 'this attachment exists already')
  }
  assert.equal(await verb('DEL', one), done)
  assert.equal([exists(first), exists(second)], [false, true])
  assert.equal(await verb('CHECK', other), done)
  assert.equal(await verb('DEL', one), done)
  assert.ok(exists(second))
  await added(one.request)
  assert.equal(await verb('DEL', other), done)
  assert.equal([exists(first), exists(second)], [true, false])
  await ended(one)
})

test('DEL of an interface leaves the IFB that the reference has made for another one of the container', async () => {
  const { container } = shapedContainer({})
  const ifb = referenceName('net', container.name)
  ip(`link add ${ifb} up type ifb`)
  tc(`qdisc add dev ${hostEndOf(container)} ingress`)
  tc(
    `filter add dev ${hostEndOf(container)} parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev ${ifb}`,
  )
  addVeth(container, 'net1')
  const other = { container, request: requestFor(container, { egressRate: 8_000_000 }, 'net1') }
  await added(other.request)
  for (const step of ['CHECK', 'DEL', 'DEL'] as const) assert.equal(await verb(step, other), done)
  assert.ok(exists(ifb))
  const own = { container, request: requestFor(container, { egressRate: 8_000_000 }) }
  assert.equal(await verb('DEL', own), done)
  assert.not.ok(exists(ifb))
  removeShaped(container)
})

for (const egress of ['interface', 'ifb'])
  test(`egress ${egress}: DEL leaves nothing with the namespace gone, without prevResult, before any ADD, with another configuration`, async () => {
    const before = steady(snapshot)
    const keys = { ingressRate: 8_000_000, egressRate: 8_000_000, egress }
    const idle = shapedContainer(keys)
    assert.equal(await verb('DEL', idle), done)
    removeShaped(idle.container)
    for (const netns of [undefined, '']) {
      const made = await shaped(keys)
      removeShaped(made.container)
      const { prevResult: _, ...config } = made.request.config
      const del = { ...made.request, config, ...(netns === undefined ? {} : { netns }) }
      for (let time = 0; time < 2; time++) assert.equal(await call({ ...del, verb: 'DEL' }), done)
      unchanged(before)
    }
    const made = await shaped(keys)
    const config = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', ingressRate: 'much', egress: 5 }
    const { status } = await verb('DEL', made, { config })
    assert.is(status, 0)
    assert.equal([...qdiscs(hostEndOf(made.container)), ...qdiscs('eth0', made.container)], [])
    removeShaped(made.container)
    unchanged(before)
  })

test('DEL finds the IFB after the network was renamed', async () => {
  const made = await shaped({ egressRate: 8_000_000, egress: 'ifb' })
  const config = { ...made.request.config, name: 'renamed' }
  assert.equal(await verb('DEL', made, { config }), done)
  assert.not.ok(exists(referenceName('net', made.container.name)))
  removeShaped(made.container)
})

test('an IFB of a network and a container with names too long for an alias: DEL without a namespace removes it, GC when it serves none', async () => {
  const before = steady(snapshot)
  for (const isGone of [false, true]) {
    const keys = { egressRate: 8_000_000, egress: 'ifb', name: 'n'.repeat(200) }
    const { container, request } = shapedContainer(keys)
    const { prevResult: _, ...config } = request.config
    const made = { container, request: { ...request, containerID: 'c'.repeat(50) } }
    const ifb = (await added(made.request)).interfaces.at(-1)?.name ?? ''
    const gc = (...valid: string[]) => {
      const attachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }))
      return call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': attachments } })
    }
    assert.equal(await verb('CHECK', made), done)
    assert.equal(await gc(made.request.containerID), done)
    assert.ok(exists(ifb))
    if (isGone) removeShaped(container)
    assert.equal(isGone ? await gc() : await verb('DEL', made, { config, netns: '' }), done)
    assert.not.ok(exists(ifb))
    if (!isGone) removeShaped(container)
  }
  unchanged(before)
})

test('GC removes the IFBs of attachments that are not valid any more, and no others', async () => {
  const keys = { egressRate: 8_000_000, egress: 'ifb' }
  const [valid, stale, foreign] = [
    await shaped(keys),
    await shaped(keys),
    await shaped({ ...keys, name: 'other' }),
  ]
  const name = ({ container }: Shaped, network = 'net') => referenceName(network, container.name)
  const reference = newContainer()
  addVeth(reference)
  const [used, unused] = [referenceName('third', reference.name), referenceName('third', 'gone')]
  for (const ifb of [used, unused, 'ifb7']) ip(`link add ${ifb} up type ifb`)
  tc(`qdisc add dev ${hostEndOf(reference)} ingress`)
  tc(
    `filter add dev ${hostEndOf(reference)} parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev ${used}`,
  )
  removeShaped(stale.container)
  const config = {
    type: 'bandwidth',
    name: 'net',
    cniVersion: '1.1.0',
    'cni.dev/valid-attachments': [{ containerID: valid.container.name, ifname: 'eth0' }],
  }
  assert.equal(await call({ verb: 'GC', config }), done)
  assert.equal(
    [exists(name(valid)), exists(name(stale)), exists(name(foreign, 'other'))],
    [true, false, true],
  )
  assert.equal([exists(used), exists(unused), exists('ifb7')], [true, false, true])
  for (const ifb of [used, 'ifb7']) ip(`link delete ${ifb}`)
  for (const made of [valid, foreign]) await ended(made)
  removeShaped(reference)
})

test('20 containers at once, by the bridge and an IFB each', async () => {
  const before = steady(snapshot)
  const net = {
    cniVersion: '1.1.0',
    name: 'many',
    plugins: [
      { type: 'bridge', bridge: 'br-many', ipam: hostLocal('10.6.0.0/24') },
      { type: 'bandwidth', ingressRate: 8_000_000, egressRate: 16_000_000, egress: 'ifb' },
    ],
  }
  const containers = Array.from({ length: 20 }, () => newContainer())
  await Promise.all(containers.map((container) => cnitool.add(net, container)))
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  assert.is(ip('-o link show type ifb').trim().split('\n').length, 20)
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  for (const container of containers) removeShaped(container)
  ip('link delete br-many')
  unchanged(before)
})

test.run()
