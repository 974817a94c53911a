/** Traffic over a team: each mode uses its members; which modes continue when a cable is pulled, and which do not. */
// needs: link team

import { spawn } from 'node:child_process'
import * as assert from 'uvu/assert'
import { attachTwo } from '../harness/attach.ts'
import {
  cableNetwork,
  cables,
  hostNics,
  joined,
  layOut,
  lostWhile,
  newContainerWithNics,
  plugged,
  sentBy,
  takesMac,
} from '../harness/cables.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings, whileListening } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
layOut()

/** Makes teams in both containers. */
const teamed = (containers: readonly [Netns, Netns], keys: Record<string, unknown>) =>
  attachTwo(cableNetwork('team', keys), undefined, containers)

for (const mode of ['broadcast', 'roundrobin', 'random'])
  test(`${mode}: traffic of both families continues when a cable is pulled`, async () => {
    const { one, other, end } = await teamed(joined(), { mode })
    assert.ok(pings(one, ...other.addresses))
    const lost = await lostWhile(one, other.addresses[0] ?? '', () =>
      inContainer(other, 'link set net1 down'),
    )
    assert.ok(lost < 10, `${lost} of 60 lost`)
    assert.ok(pings(one, ...other.addresses), 'by net2 alone')
    inContainer(other, 'link set net1 up')
    await end()
  })

test('broadcast sends on all members, roundrobin on each in turn, random on either', async () => {
  for (const mode of ['broadcast', 'roundrobin', 'random']) {
    const { one, other, end } = await teamed(joined(), { mode })
    const before = cables.map((name) => sentBy(name, one))
    await lostWhile(one, other.addresses[0] ?? '', () => {}, 40)
    const sent = cables.map((name, index) => sentBy(name, one) - (before[index] ?? 0))
    const least = mode === 'broadcast' ? 40 : mode === 'roundrobin' ? 19 : 3
    for (const packets of sent) assert.ok(packets >= least, `${mode}: ${sent}`)
    await end()
  }
})

test('a member that is not enabled is not used', async () => {
  const links = [{ name: 'net1' }, { name: 'net2', enabled: false }]
  const { one, other, end } = await teamed(joined(), { links })
  const before = sentBy('net2', one)
  assert.is(await lostWhile(one, other.addresses[0] ?? '', () => {}, 20), 0)
  assert.ok(sentBy('net2', one) - before < 5)
  await end()
})

test('activebackup uses the member with the highest priority that has a carrier; CHECK notices when the carrier is lost', async () => {
  const pair = [plugged(), plugged()] as const
  const links = [{ name: 'net1', priority: 10 }, { name: 'net2' }]
  const { one, other } = await teamed(pair, { mode: 'activebackup', links })
  assert.ok(pings(one, ...other.addresses))
  const before = sentBy('net2', one)
  assert.is(await lostWhile(one, other.addresses[0] ?? '', () => {}, 20), 0)
  assert.ok(sentBy('net2', one) - before < 5)
  ip(`link set ${one.name}-net1 down`)
  const said = await refusal(one.check())
  assert.match(said, 'the active member of eth0, net1, has no carrier, but net2 has')
  for (const { del } of [one, other]) await del()
  const again = await teamed(pair, { mode: 'activebackup', links })
  assert.ok(pings(again.one, ...again.other.addresses), 'by net2')
  await again.end()
})

for (const xmitHashPolicy of ['layer2+3', 'layer3+4'])
  test(`loadbalance by ${xmitHashPolicy}: flows are spread over the members, and each flow stays on one`, async () => {
    const { one, other, end } = await teamed(joined(), { mode: 'loadbalance', xmitHashPolicy })
    assert.ok(pings(one, ...other.addresses))
    const busy = new Set<string>()
    for (let host = 100; host < 108; host++) {
      const address = `${other.addresses[0]?.replace(/\d+$/, '')}${host}`
      inContainer(other, `address add ${address}/24 dev eth0`)
      assert.ok(pings(one, address))
      const before = cables.map((name) => sentBy(name, one))
      assert.is(await lostWhile(one, address, () => {}, 12), 0)
      const sent = cables.map((name, index) => sentBy(name, one) - (before[index] ?? 0))
      const used = cables.filter((_, index) => (sent[index] ?? 0) >= 10)
      assert.is(used.length, 1, `${address}: ${sent}`)
      busy.add(String(used))
    }
    assert.is(busy.size, 2)
    await end()
  })

test('175-team.conflist: the container uses either NIC of the host, and the host has both afterwards', async () => {
  hostNics()
  ip('address add 192.168.175.1/24 dev switch0')
  const before = snapshot()
  const net = exampleNetwork('175-team.conflist')
  const container = newContainer()
  await cnitool.add(net, container)
  assert.ok(pings(container, '192.168.175.1'))
  ip('link set eth1-peer down')
  assert.ok(pings(container, '192.168.175.1'))
  ip('link set eth1-peer up')
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  unchanged(before)
})

/** What the kernel tells of a member during an action: a line for each change. */
async function changesOf(name: string, container: Netns, act: () => Promise<unknown>): Promise<string[]> {
  const monitor = spawn('ip', ['-n', container.name, '-o', 'monitor', 'link'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  monitor.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  await whileListening(monitor, async () => {
    await until('it listens', () => {
      for (const mtu of [65535, 65536]) inContainer(container, `link set lo mtu ${mtu}`)
      return said !== ''
    })
    await act()
  })
  return said.split('\n').filter((line) => line.includes(`: ${name}@`))
}

for (const [mode, engine] of [
  ['roundrobin', 'quickjs'],
  ['broadcast', 'node'],
  ['activebackup', 'quickjs'],
  ['loadbalance', 'node'],
] as const)
  test(`${mode}, on the ${engine} engine: a member gets the first one's MAC address before it is up, and its own back by DEL`, async () => {
    const container = newContainerWithNics()
    const look = () => cables.map((name) => link(name, container).address)
    const macs = look()
    const net = cableNetwork('team', { mode })
    for (const _ of ['first', 'again']) {
      const changes = await changesOf('net2', container, () => cnitool.add(net, container, { engine }))
      assert.equal([link('eth0', container).address, ...look()], [macs[0], macs[0], macs[0]])
      const ups = changes.filter((line) => /<[^>]*\bUP\b/.test(line))
      assert.ok(ups.length > 0 && ups.every((line) => line.includes(macs[0] ?? '')), changes.join('\n'))
      await cnitool.check(net, container, { engine })
      await cnitool.del(net, container, { engine })
      assert.equal(look(), macs)
    }
  })

test('team and members have the requested MAC address until DEL', async () => {
  for (const mode of ['roundrobin', 'activebackup'])
    await takesMac(cableNetwork('team', { mode }), joined()[0])
})

test.run()
