/** wire: DEL of both ends in any order, also with deleted namespaces, leaves nothing, and a new wire can be made. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { addressesOf, bare } from '../harness/address.ts'
import { added, done } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import { addresses, exists } from '../harness/look.ts'
import { single, wireNetwork } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { type Snapshot, snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

type End = Omit<Call, 'verb'> & { container: Netns }

/** Two containers without a wire, and the host as it is without them. */
function twoEnds(keys: Record<string, unknown> = {}) {
  const config = single(wireNetwork(keys, '1.1.0'))
  const end = (containerID: string): End => {
    const container = newContainer()
    return { config, containerID, netns: container.path, container }
  }
  const before: Snapshot = snapshot()
  return { config, one: end('one'), two: end('two'), before }
}

async function del({ container, ...end }: End): Promise<void> {
  assert.equal(await insisting(() => call({ verb: 'DEL', ...end })), done)
}

async function both(keys: Record<string, unknown> = {}) {
  const ends = twoEnds(keys)
  await added(ends.one)
  await added(ends.two)
  return ends
}

function joined(one: End, two: End): boolean {
  return pings(one.container, ...addresses('eth0', two.container).map(bare))
}

for (const order of ['one two', 'two one', 'one one two two', 'two one two one'])
  test(`DEL in the order ${order} leaves nothing`, async () => {
    const ends = await both()
    for (const name of order.split(' ')) await del(ends[name as 'one' | 'two'])
    for (const { container } of [ends.one, ends.two]) assert.not.ok(exists('eth0', container))
    unchanged(ends.before)
  })

test('DEL of the only container also removes the end on the host', async () => {
  const { one, before } = twoEnds()
  await added(one)
  await del(one)
  unchanged(before)
})

for (const netns of ['its path', ''])
  for (const count of [1, 2])
    test(`DEL with ${count} of the namespaces deleted and CNI_NETNS ${netns || 'empty'}`, async () => {
      const { one, two, before } = await both()
      const gone = [one, two].slice(0, count)
      for (const { container } of gone) removeContainer(container)
      for (const end of gone) await del({ ...end, netns: netns && end.netns })
      await del(two)
      await del(one)
      unchanged(before)
    })

test('DEL with the namespace deleted while the other end is on the host', async () => {
  const { one, before } = twoEnds()
  await added(one)
  removeContainer(one.container)
  await del(one)
  unchanged(before)
})

test('DEL with CNI_NETNS empty removes the wire from an existing namespace', async () => {
  const { one, two, before } = await both()
  await del({ ...two, netns: '' })
  for (const { container } of [one, two]) assert.not.ok(exists('eth0', container))
  await del({ ...one, netns: '' })
  unchanged(before)
})

test('DEL before any ADD, and of a configuration that ADD refuses', async () => {
  const { config, one, before } = twoEnds()
  await del(one)
  unchanged(before)
  await added(one)
  const { status } = await call({ verb: 'DEL', ...one, config: { ...config, mtu: 'large', wires: 'x' } })
  assert.is(status, 0)
  unchanged(before)
})

test('CHECK of the remaining container fails, and DEL and ADD connect the two again', async () => {
  const net = wireNetwork()
  const [one, two] = [newContainer(), newContainer()]
  await cnitool.add(net, one)
  await cnitool.add(net, two)
  await cnitool.del(net, two)
  const said = await refusal(cnitool.check(net, one))
  assert.match(said, 'no interface eth0 any more (a wire is gone from both containers when one of them is')
  const { ips } = await cnitool.add(net, two)
  await cnitool.del(net, one)
  await cnitool.check(net, two)
  await cnitool.add(net, one)
  assert.ok(pings(one, ...addressesOf(ips)))
})

test('a container whose namespace was deleted without DEL does not block the wire', async () => {
  const { one, two, before } = twoEnds()
  const lost = newContainer()
  await added({ config: one.config, containerID: 'lost', netns: lost.path })
  removeContainer(lost)
  await added(one)
  await added(two)
  assert.ok(joined(one, two))
  await del({ ...one, containerID: 'lost', netns: lost.path })
  assert.ok(joined(one, two))
  await del(one)
  await del(two)
  unchanged(before)
})

for (const engine of ['quickjs', 'node'] as const)
  test(`DEL cuts the wire that the configuration named at ADD: ${engine}`, async () => {
    const { config, one, two, before } = await both({ wire: 'first' })
    for (const end of [one, two]) await del({ ...end, engine, config: { ...config, wire: 'later' } })
    assert.not.ok(exists('eth0', one.container))
    unchanged(before)
  })

for (const engine of ['quickjs', 'node'] as const)
  test(`ADD waits while the other container’s namespace ends, which the kernel deletes later: ${engine}`, async () => {
    const { one, two, before } = await both()
    const held = execa('ip', ['netns', 'exec', two.container.name, 'sleep', '60'], { reject: false })
    await until(
      'the program is in the namespace',
      () => command('ip', 'netns', 'pids', two.container.name) !== '',
    )
    removeContainer(two.container)
    const next = newContainer()
    const adding = { ...two, engine, verb: 'ADD', containerID: 'next', netns: next.path } as const
    const waiting = call(adding)
    setTimeout(() => held.kill(), 500)
    const first = await waiting
    await held
    // A busy kernel may need longer than ADD waits, which then asks the runtime to try again.
    if (first.json?.code === 11) await until('the end is free', async () => (await call(adding)).status === 0)
    else assert.is(first.status, 0, JSON.stringify(first.json))
    assert.not.ok(exists('eth0', one.container))
    await del(one)
    await del(two)
    await del({ ...two, containerID: 'next', netns: next.path })
    unchanged(before)
  })

for (const text of [
  '',
  '{}',
  '{"ends":[null]}',
  '{"network":"net","wire":"w","ends":[{"containerID":"one"}]}',
])
  test(`a record that says ${text || 'nothing'} blocks neither DEL nor GC nor a new wire`, async () => {
    const { config, one, two, before } = twoEnds()
    const damage = () => {
      const records = readdirSync('/run/patchbay/wires').map((name) => `/run/patchbay/wires/${name}`)
      const own = records.find((record) => readFileSync(record, 'utf8').includes(`"${config.name}"`))
      writeFileSync(own ?? '', text)
    }
    await added(one)
    damage()
    assert.is((await call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': [] } })).status, 0)
    await del(one)
    await added(one)
    damage()
    const { config: network, containerID, netns } = one
    assert.is((await call({ verb: 'DEL', config: network, containerID, netns })).status, 0)
    await added(one)
    await added(two)
    assert.ok(joined(one, two))
    await del(two)
    await del(one)
    unchanged(before)
  })

test('GC removes a wire with a stale end, and does not touch valid ones and other networks', async () => {
  const other = await both()
  const { config, one, two, before } = await both()
  const kept = { ...one, config: { ...config, wire: 'kept' }, containerID: 'kept', container: newContainer() }
  await added({ ...kept, netns: kept.container.path })
  const gc = (...names: string[]) => {
    const attachments = names.map((containerID) => ({ containerID, ifname: 'eth0' }))
    return call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': attachments } })
  }
  assert.is((await gc('one', 'two', 'kept')).status, 0)
  assert.ok(joined(one, two))
  assert.is((await gc('one', 'kept')).status, 0)
  assert.not.ok(exists('eth0', one.container))
  assert.ok(exists('eth0', kept.container))
  assert.ok(joined(other.one, other.two))
  assert.is((await gc()).status, 0)
  unchanged(before)
})

test('forty parallel ADDs make twenty wires, and forty parallel DELs leave nothing', async () => {
  const before = snapshot()
  const wires = Array.from({ length: 20 }, () => twoEnds())
  await Promise.all(wires.flatMap(({ one, two }) => [added(one), added(two)]))
  for (const { one, two } of wires.slice(-3)) assert.ok(joined(one, two))
  await Promise.all(wires.flatMap(({ one, two }) => [del(one), del(two)]))
  unchanged(before)
})

test('of five parallel ADDs for one wire, two succeed', async () => {
  const { config, one, two, before } = twoEnds()
  const more = ['three', 'four', 'five'].map((containerID) => {
    const container = newContainer()
    return { config, containerID, netns: container.path, container }
  })
  const ends = [one, two, ...more]
  const answers = await Promise.all(ends.map(({ container, ...end }) => call({ verb: 'ADD', ...end })))
  assert.equal(answers.map(({ json }) => json?.code ?? 0).sort(), [0, 0, 11, 11, 11])
  await Promise.all(ends.map(del))
  unchanged(before)
})

test.run()
