/** ipvlan: all on one parent have one mode and one flag, and no ADD changes those of others. */
// needs: link ipvlan

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { hostLocal, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add nic type veth')
ip('link set nic up')

let networks = 0

/** A network on the same parent, with its own subnet. */
function on(keys: Record<string, unknown>): cnitool.Network {
  const ipam = hostLocal(`10.${++networks}.0.0/16`)
  return cnitool.network(`net${networks}`, { type: 'ipvlan', master: 'nic', ipam, ...keys })
}

function modeOf(container: Netns): unknown {
  return link('eth0', container).linkinfo?.info_data
}

test('another mode or flag is refused with the name of the existing container, which is not changed', async () => {
  const net = on({ mode: 'l2' })
  const [one, other] = [newContainer(), newContainer()]
  await cnitool.add(net, one)
  const before = snapshot()
  for (const keys of [{ mode: 'l3' }, { mode: 'l3s' }, { flag: 'private' }, { flag: 'vepa' }]) {
    const said = await refusal(cnitool.add(on(keys), other))
    assert.match(said, `beside ipvlan eth0 in ${one.path}, which has mode l2, flag bridge`)
    assert.match(said, `nsenter --net=${one.path} ip -d link show dev eth0`)
    assert.equal(modeOf(one), { mode: 'l2', bridge: true })
    unchanged(before)
  }
  await cnitool.check(net, one)
  await cnitool.del(net, one)
})

test('after the last container, another mode is accepted, also when it ended without DEL', async () => {
  const net = on({ mode: 'l2' })
  for (const end of [
    (container: Netns) => cnitool.del(net, container),
    async (container: Netns) => removeContainer(container),
  ]) {
    const [former, next] = [newContainer(), newContainer()]
    await cnitool.add(net, former)
    await end(former)
    const routed = on({ mode: 'l3' })
    await cnitool.add(routed, next)
    assert.equal(modeOf(next), { mode: 'l3', bridge: true })
    await cnitool.del(routed, next)
  }
})

test('after the first container, a remaining one is found', async () => {
  const net = on({ flag: 'vepa' })
  const [first, second, third] = [newContainer(), newContainer(), newContainer()]
  for (const container of [first, second]) await cnitool.add(net, container)
  await cnitool.del(net, first)
  assert.match(await refusal(cnitool.add(on({}), third)), `beside ipvlan eth0 in ${second.path}`)
  await cnitool.add(net, third)
  for (const container of [second, third]) await cnitool.del(net, container)
})

test('an ipvlan that another program made is found on the host and in namespaces', async () => {
  const foreign = newContainer()
  ip('link add link nic name theirs type ipvlan mode l3')
  assert.match(await refusal(cnitool.add(on({}), newContainer())), 'beside ipvlan theirs, which has mode l3')
  ip(`link set theirs netns ${foreign.name}`)
  assert.match(await refusal(cnitool.add(on({}), newContainer())), `beside ipvlan theirs in ${foreign.name}`)
  inContainer(foreign, 'link delete theirs')
})

test('a mode that was changed by hand is read from the container, not from the record', async () => {
  const [one, other] = [newContainer(), newContainer()]
  const [net, routed] = [on({ mode: 'l2' }), on({ mode: 'l3' })]
  await cnitool.add(net, one)
  inContainer(one, 'link set eth0 type ipvlan mode l3')
  await cnitool.add(routed, other)
  assert.match(await refusal(cnitool.check(net, one)), 'eth0 has mode l3, flag bridge, not mode l2')
  await cnitool.del(net, one)
  await cnitool.del(routed, other)
})

test('of parallel ADDs in two modes on a free parent, those of one mode succeed', async () => {
  const before = snapshot()
  const nets = [on({ mode: 'l2' }), on({ mode: 'l3' })] as const
  for (let round = 0; round < 3; round++) {
    const containers = Array.from({ length: 6 }, () => newContainer())
    const attempts = containers.map((container, index) => {
      const net = nets[index % 2] as cnitool.Network
      return cnitool.add(net, container).then(
        () => ({ net, container }),
        (error) => assert.match(String(error.stderr), 'cannot be on nic beside ipvlan'),
      )
    })
    const winners = (await Promise.all(attempts)).filter((outcome) => outcome !== undefined)
    assert.is(winners.length, 3)
    assert.is(new Set(winners.map(({ net }) => net.name)).size, 1)
    for (const { net, container } of winners) {
      await cnitool.check(net, container)
      await cnitool.del(net, container)
    }
    for (const container of containers) removeContainer(container)
  }
  unchanged(before)
})

test('a damaged record of the first container does no harm', async () => {
  const net = on({ mode: 'l2' })
  const [one, other] = [newContainer(), newContainer()]
  await cnitool.add(net, one)
  writeFileSync('/run/patchbay/ipvlan/nic.json', '{"netns":')
  assert.match(await refusal(cnitool.add(on({ mode: 'l3' }), other)), `beside ipvlan eth0 in ${one.path}`)
  await cnitool.add(net, other)
  for (const container of [one, other]) await cnitool.del(net, container)
})

test('with an ipvlan of the host as master, its parent’s mode counts', async () => {
  ip('link add link nic name ipvl type ipvlan mode l3')
  assert.match(await refusal(cnitool.add(on({ master: 'ipvl' }), newContainer())), 'which has mode l3')
  const container = newContainer()
  const net = on({ master: 'ipvl', mode: 'l3' })
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link_index, link('nic').ifindex)
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  ip('link delete ipvl')
})

test('the ipvlans of a parent in the container have one mode too', async () => {
  const container = newContainer()
  inContainer(container, 'link add net0 type veth')
  const inside = { master: 'net0', linkInContainer: true }
  const config = single(on({ ...inside, mode: 'l2' }))
  assert.is((await call({ verb: 'ADD', config, netns: container.path, ifname: 'one' })).status, 0)
  const clash = single(on({ ...inside, mode: 'l3' }))
  const { json } = await call({ verb: 'ADD', config: clash, netns: container.path, ifname: 'two' })
  assert.match(String(json?.msg), 'cannot be on net0 beside ipvlan one')
  assert.is((await call({ verb: 'DEL', config, netns: container.path, ifname: 'one' })).status, 0)
})

test.run()
