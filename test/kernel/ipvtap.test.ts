/** ipvtap, in each mode and with each flag: round trips, trouble, and packets of a program by the node to the far host and back. */
// needs: link ipvtap

import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { addresses, inContainer, type Link, link } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { type Kind, noticed, roundTrip } from '../harness/round-trip.ts'
import { pings, tunPeer } from '../harness/traffic.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
lan('nic0')

const path = '/run/nodes/eth0'

const breaks: Kind['breaks'] = {
  'the mode is another': (container) => inContainer(container, 'link set eth0 type ipvtap mode l3'),
  'the node is gone': () => rmSync(path),
  'others may open the node': () => chmodSync(path, 0o666),
}

/** A mode and a flag on the round trip, with all that can be asked for. */
function ipvtap(mode: string, flag: string, node = '/run/nodes/{ifname}'): Kind {
  const own = { node, owner: 61000, group: 61001, nodeMode: '0640' }
  return {
    config: { type: 'ipvtap', master: 'nic0', mode, flag, mtu: 1400, ...own },
    subnets: ['10.80.0.0/24', 'fd80::/64'],
    expect: (link) => expect(link, mode, flag),
    breaks,
  }
}

function expect({ mtu, linkinfo }: Link, mode: string, flag: string): void {
  assert.equal([linkinfo?.info_kind, mtu], ['ipvtap', 1400])
  const { uid, gid, mode: permissions } = statSync(path)
  assert.equal([uid, gid, permissions & 0o7777], [61000, 61001, 0o640])
  const { info_data = {} } = linkinfo ?? {}
  // iproute2 6.1 prints nothing of an ipvtap's.
  if (info_data.mode) assert.equal(info_data, { mode, [flag]: true })
}

for (const mode of ['l2', 'l3', 'l3s'])
  for (const flag of ['bridge', 'private', 'vepa'])
    test(`ipvtap ${mode} ${flag}: up, as asked for, and gone without a trace`, () =>
      roundTrip(ipvtap(mode, flag), '1.1.0'))

for (const broken of Object.keys(breaks))
  test(`ipvtap: CHECK notices that ${broken}, and DEL still cleans up`, async () => {
    await noticed(ipvtap('l2', 'bridge'), broken)
  })

testTrouble('ipvtap', { ...ipvtap('l2', 'bridge', '/run/nodes/{containerID}/{ifname}'), atOnce: 5 })

test('191-ipvtap.conflist: a program that opens the node answers the far host by its address, with the NIC’s MAC address', async () => {
  const router = lan('eth0', newContainer('router'))
  inContainer(router, 'address add 192.168.91.1/24 dev trunk')
  const file = new URL('../../conf-examples/191-ipvtap.conflist', import.meta.url)
  const net: cnitool.Network = JSON.parse(readFileSync(file, 'utf8'))
  const container = newContainer()
  await cnitool.add(net, container)
  const [address = ''] = addresses('eth0', container).map((cidr) => cidr.replace(/\/.*/, ''))
  const mac = link('eth0').address
  inContainer(router, `neighbour replace ${address} lladdr ${mac} dev trunk`)
  const [node] = command('find', '/dev/patchbay', '-type', 'c').trim().split('\n')
  const peer = await tunPeer(container, node ?? '', 'tap')
  assert.ok(pings(router, address))
  peer.kill('SIGKILL')
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  assert.not.ok(existsSync(node ?? ''))
})

test('another mode than an ipvlan’s on the same parent is refused, naming it', async () => {
  const one = newContainer()
  const base = { name: 'net', cniVersion: '1.1.0', master: 'nic0' }
  const ipvlan = { config: { ...base, type: 'ipvlan' }, netns: one.path, containerID: 'one' }
  assert.is((await call({ verb: 'ADD', ...ipvlan })).status, 0)
  const ipam = { type: 'static', addresses: [{ address: '10.1.2.3/24' }] }
  const config = { ...base, type: 'ipvtap', mode: 'l3', ipam }
  const { json } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.equal(json?.code, 7)
  assert.match(String(json?.msg), 'cannot be on nic0 beside ipvlan eth0')
  assert.is((await call({ verb: 'DEL', ...ipvlan })).status, 0)
})

for (const [keys, said] of [
  [{ mode: 'l3' }, 'ipam is not set: mode l3 routes'],
  [{ mode: 'bridge' }, 'mode is "bridge"'],
  [{ node: '../tap' }, 'node is "../tap"'],
  [{ mac: '02:00:5e:10:00:01' }, 'mac'],
  [{ master: 'lo' }, 'ipvtap cannot sit on lo'],
] as const)
  test(`refused: ${JSON.stringify(keys)}`, async () => {
    const config = { type: 'ipvtap', name: 'net', cniVersion: '1.1.0', master: 'nic0', ...keys }
    const { json } = await call({ verb: 'ADD', config, netns: newContainer().path })
    assert.is(json?.code, 7)
    assert.match(String(json?.msg), said)
  })

test.run()
