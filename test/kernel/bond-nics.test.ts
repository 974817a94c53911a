/** bond of the host's NICs: they move into the container and come back unchanged. */
// needs: link bond

import * as assert from 'uvu/assert'
import { hostNics, nics } from '../harness/cables.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, inContainer, link } from '../harness/look.ts'
import { exampleNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

const bond: Kind = {
  config: { type: 'bond', primary: 'eth2', links: nics.map((name) => ({ name })) },
  ifname: 'eth1',
  subnets: ['10.141.0.0/24', 'fd00:141::/64'],
  prepare: hostNics,
  expect: ({ linkinfo, mtu, flags }) => {
    assert.equal([linkinfo?.info_kind, linkinfo?.info_data?.primary, mtu], ['bond', 'eth2', 1450])
    assert.ok(flags.includes('LOWER_UP'))
    for (const name of nics) assert.not.ok(exists(name), name)
  },
  breaks: {
    'a member is gone': (container) => inContainer(container, 'link set eth2 nomaster'),
    'a member has another name': (container) => {
      for (const words of ['eth2 down', 'eth2 name other', 'other up'])
        inContainer(container, `link set ${words}`)
    },
    'the bond is gone': (container) => inContainer(container, 'link delete eth1'),
  },
}

testRoundTrips('bond of NICs', bond)

test('170-bond.conflist: the container reaches the router through either NIC, and the host has both NICs afterwards', async () => {
  hostNics()
  ip('address add 192.168.170.1/24 dev switch0')
  const before = snapshot()
  const [net, container] = [exampleNetwork('170-bond.conflist'), newContainer()]
  await cnitool.add(net, container)
  assert.is(link('eth0', container).linkinfo?.info_data?.active_slave, 'eth1')
  assert.ok(pings(container, '192.168.170.1'))
  ip('link set eth1-peer down')
  await until('eth2 is used', () => link('eth0', container).linkinfo?.info_data?.active_slave === 'eth2')
  assert.ok(pings(container, '192.168.170.1'))
  ip('link set eth1-peer up')
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  unchanged(before)
  assert.equal(addresses('eth1'), ['192.0.2.1/24', '2001:db8::1/64'])
})

test('171-bond-lacp.conflist: both NICs are in one aggregator with those of another host with the same configuration', async () => {
  hostNics()
  for (const name of nics) ip(`link set ${name}-peer nomaster down`)
  const before = snapshot()
  const net = exampleNetwork('171-bond-lacp.conflist')
  const container = newContainer()
  ip('link add lacp0 type bond mode 802.3ad lacp_rate fast miimon 100 xmit_hash_policy layer3+4')
  for (const name of nics) ip(`link set ${name}-peer master lacp0`)
  ip('address add 192.168.171.1/24 dev lacp0')
  ip('link set lacp0 up')
  await cnitool.add(net, container)
  const aggregator = () => link('eth0', container).linkinfo?.info_data?.ad_info as Record<string, unknown>
  await until('both NICs are in one aggregator', () => aggregator().num_ports === 2)
  assert.is(aggregator().partner_mac, link('lacp0').address)
  await until('the other host answers', () => pings(container, '192.168.171.1'))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  ip('link delete lacp0')
  unchanged(before)
  for (const name of nics) ip(`link set ${name}-peer master switch0 up`)
})

test('the refusal of a second container names the one that has the NICs', async () => {
  hostNics()
  const config = single(exampleNetwork('170-bond.conflist'))
  const [one, other] = [newContainer(), newContainer()]
  await call({ verb: 'ADD', config, containerID: 'one', netns: one.path })
  const { json } = await call({ verb: 'ADD', config, containerID: 'other', netns: other.path })
  assert.is(json?.code, 7)
  assert.match(String(json?.msg), 'links: the host has no interface "eth1": container one has it')
  await call({ verb: 'DEL', config, containerID: 'other', netns: other.path })
  assert.ok(exists('eth1', one))
  await call({ verb: 'DEL', config, containerID: 'one', netns: one.path })
})

test('of ten parallel ADDs with the same NICs one succeeds, the others are refused, and no NIC is lost', async () => {
  hostNics()
  const before = snapshot()
  const config = single(exampleNetwork('170-bond.conflist'))
  const requests = Array.from({ length: 10 }, () => {
    const { name, path } = newContainer()
    return { config, containerID: name, netns: path }
  })
  const answers = await Promise.all(requests.map((request) => call({ ...request, verb: 'ADD' })))
  const refusals = answers.filter(({ status }) => status !== 0)
  assert.is(refusals.length, 9)
  for (const { json } of refusals) assert.is(json?.code, 7, JSON.stringify(json))
  for (const request of requests) await call({ ...request, verb: 'DEL' })
  unchanged(before)
})

test('GC returns the NICs of a stale attachment, and does not touch valid ones', async () => {
  hostNics()
  const before = snapshot()
  const config = { ...single(exampleNetwork('170-bond.conflist')), cniVersion: '1.1.0' }
  const container = newContainer()
  const { status, json } = await call({ verb: 'ADD', config, containerID: 'one', netns: container.path })
  assert.is(status, 0, JSON.stringify(json))
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'one', ifname: 'eth0' }] }
  assert.is((await call({ verb: 'GC', config: { ...config, ...valid } })).status, 0)
  assert.ok(exists('eth1', container))
  assert.is((await call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': [] } })).status, 0)
  unchanged(before)
})

test('DEL fails while the host has another interface of the NIC’s name, and succeeds afterwards', async () => {
  hostNics()
  const before = snapshot()
  const net = exampleNetwork('170-bond.conflist')
  const container = newContainer()
  await cnitool.add(net, container)
  ip('link add eth2 type veth peer name intruder')
  assert.match(await refusal(cnitool.del(net, container)), 'eth2')
  ip('link delete eth2')
  await cnitool.del(net, container)
  unchanged(before)
})

test.run()
