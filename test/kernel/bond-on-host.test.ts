/** bond on the host, as the parent of the next plugin in a list: shared by containers, removed with the last. */
// needs: link bond, link macvlan

import * as assert from 'uvu/assert'
import { added, refused } from '../harness/attach.ts'
import { hostNics, nics } from '../harness/cables.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { harmOfFailures } from '../harness/failing.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists, link } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, withoutNumbers } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

import { until } from '../harness/until.ts'

await privateHost()
hostNics()
for (const state of ['up', 'down']) ip(`link set eth2 ${state}`) // the kernel keeps its qdisc from now on
ip('address add 10.142.0.1/24 dev switch0')

const bond = { type: 'bond', bond: 'uplinks', mode: 'active-backup', links: nics.map((name) => ({ name })) }
const ipam = hostLocal('10.142.0.0/24')
const net = {
  cniVersion: '1.0.0',
  name: 'chain',
  plugins: [bond, { type: 'macvlan', master: 'uplinks', ipam }],
}
const alone = { ...bond, name: 'chain', cniVersion: '1.1.0' }

test('the bond gets the MAC address that the runtime requests', async () => {
  const before = snapshot()
  const config = { ...alone, runtimeConfig: { mac: '02:00:5e:00:14:02' } }
  const request = { config, containerID: 'c', netns: newContainer().path }
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  assert.is(link('uplinks').address, '02:00:5e:00:14:02')
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  unchanged(before)
})

test('containers with macvlan share the bond and reach the switch through either NIC; DEL of the last returns the NICs', async () => {
  const before = snapshot()
  const [one, other] = [newContainer(), newContainer()]
  await cnitool.add(net, one)
  await cnitool.add(net, other)
  assert.equal(
    nics.map((name) => link(name).master),
    ['uplinks', 'uplinks'],
  )
  for (const container of [one, other]) {
    assert.is(link('eth0', container).link_index, link('uplinks').ifindex)
    assert.ok(pings(container, '10.142.0.1'))
    await cnitool.check(net, container)
  }
  ip('link set eth1-peer down')
  await until('the other NIC is used', () => pings(one, '10.142.0.1'))
  ip('link set eth1-peer up')
  await cnitool.del(net, one)
  assert.ok(pings(other, '10.142.0.1'))
  await cnitool.del(net, other)
  await cnitool.del(net, other)
  unchanged(before)
})

test('CHECK notices a missing member and a changed option', async () => {
  const before = snapshot()
  const container = newContainer()
  await cnitool.add(net, container)
  ip('link set uplinks type bond miimon 50')
  assert.match(await refusal(cnitool.check(net, container)), 'uplinks has miimon 50, not 100')
  ip('link set uplinks type bond miimon 100')
  ip('link set eth2 nomaster')
  assert.match(await refusal(cnitool.check(net, container)), 'uplinks has lost eth2')
  await cnitool.del(net, container)
  unchanged(before)
})

test('a bond that was deleted by hand is made again, and the NICs come back in their first state', async () => {
  const before = snapshot()
  const [one, other] = [newContainer(), newContainer()]
  await cnitool.add(net, one)
  ip('link delete uplinks')
  await cnitool.add(net, other)
  assert.ok(pings(other, '10.142.0.1'))
  for (const container of [one, other]) await cnitool.del(net, container)
  unchanged(before)
})

test('an existing bond is used and never changed; one in another mode, or another kind of link, is refused', async () => {
  const container = newContainer()
  const request = { config: alone, containerID: 'one', netns: container.path } as const
  for (const kind of ['bond mode balance-rr', 'bridge']) {
    ip(`link add uplinks type ${kind}`)
    const before = snapshot()
    const { json } = await call({ ...request, verb: 'ADD' })
    assert.is(json?.code, 7)
    assert.match(String(json?.msg), 'the host has uplinks already')
    unchanged(before)
    ip('link delete uplinks')
  }
  ip('link add uplinks type bond mode active-backup miimon 100')
  for (const name of nics) {
    ip(`link set ${name} down`)
    ip(`link set ${name} master uplinks`)
  }
  const before = snapshot()
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  unchanged(before)
  for (const engine of ['quickjs', 'node'] as const)
    for (const [more, said] of [
      [{ miimon: 200 }, 'bond: the host has uplinks already: uplinks has miimon 100, not 200'],
      [
        { mode: 'balance-rr' },
        'bond: the host has uplinks already: uplinks has mode active-backup, not balance-rr',
      ],
      [
        { links: [{ name: 'eth1' }, { name: 'eth3' }] },
        'bond: the host has uplinks already: a bond without eth3',
      ],
    ] as const) {
      const { code, said: found } = await refused(
        { ...request, engine, config: { ...alone, ...more } },
        container,
      )
      assert.is(code, 7)
      assert.ok(found.startsWith(said), found)
    }
  ip('link delete uplinks')
  ip('link set eth1 up')
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: a second network with another option or another NIC in the bond is refused, and the first goes on`, async () => {
    const before = snapshot()
    const first = { config: alone, engine, containerID: 'one', netns: newContainer().path }
    await added(first)
    for (const more of [{ miimon: 200 }, { links: [{ name: 'eth2' }, { name: 'eth3' }] }])
      assert.is((await refused({ config: { ...alone, name: 'second', ...more }, engine })).code, 7)
    assert.equal((await call({ ...first, verb: 'CHECK' })).json, undefined)
    assert.equal((await call({ ...first, verb: 'DEL' })).json, undefined)
    unchanged(before)
  })

test('GC removes the bond with its last stale container, and so does DEL after the namespace was deleted', async () => {
  const before = snapshot()
  const container = newContainer()
  const request = { config: alone, containerID: 'one', netns: container.path } as const
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'one', ifname: 'eth0' }] }
  assert.is((await call({ verb: 'GC', config: { ...alone, ...valid } })).status, 0)
  assert.ok(exists('uplinks'))
  assert.is((await call({ verb: 'GC', config: { ...alone, 'cni.dev/valid-attachments': [] } })).status, 0)
  unchanged(before)
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  assert.is((await call({ ...request, verb: 'DEL', netns: '' })).status, 0)
  unchanged(before)
})

test('ten parallel ADDs and ten parallel DELs succeed', async () => {
  const before = snapshot()
  const containers = Array.from({ length: 10 }, () => newContainer())
  await Promise.all(containers.map((container) => cnitool.add(net, container)))
  for (const container of containers) assert.ok(pings(container, '10.142.0.1'))
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  unchanged(before)
})

test('a failing call of ADD leaves nothing, or does no harm', async () => {
  const request = { verb: 'ADD', config: alone, containerID: 'one', netns: newContainer().path } as const
  const look = () => withoutNumbers(snapshot())
  assert.equal(await harmOfFailures(request, { look }), [])
})

test.run()
