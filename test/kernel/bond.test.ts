/** Traffic over a bond: each mode uses its members, and traffic continues when a cable is pulled. */
// needs: link bond, link macvlan

import * as assert from 'uvu/assert'
import { attachTwo, refused } from '../harness/attach.ts'
import {
  cableNetwork,
  cables,
  joined,
  layOut,
  lostWhile,
  plugged,
  sentBy,
  takesMac,
} from '../harness/cables.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { type Netns, privateHost, setSysctl } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { fixed, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
layOut()

const bondNetwork = (keys: Record<string, unknown>) => cableNetwork('bond', { miimon: 50, ...keys })

/** Bonds both containers. */
const bonded = (containers: readonly [Netns, Netns], keys: Record<string, unknown>) =>
  attachTwo(bondNetwork(keys), undefined, containers)

const infoOf = (name: string, container: Netns) => link(name, container).linkinfo
const active = (container: Netns) => String(infoOf('eth0', container)?.info_data?.active_slave)

/** Without a primary each end of two cables takes the member that it sees first, which may be another one than the other end's. */
const needed: Record<string, object> = {
  '802.3ad': { lacpRate: 'fast', minLinks: 1 },
  'active-backup': { primary: 'net1' },
}

for (const mode of ['balance-rr', 'balance-xor', 'broadcast', '802.3ad', 'active-backup'])
  test(`${mode}, container to container: traffic of both families continues when a cable is pulled`, async () => {
    const keys = needed[mode] ?? {}
    const { one, other, end } = await bonded(joined(), { mode, ...keys })
    assert.ok(pings(one, ...other.addresses))
    const lost = await lostWhile(one, other.addresses[0] ?? '', () =>
      inContainer(other, 'link set net1 down'),
    )
    assert.ok(lost < 40, `${lost} of 60 lost`)
    assert.ok(pings(one, ...other.addresses), 'by net2 alone')
    inContainer(other, 'link set net1 up')
    await end()
  })

for (const mode of ['active-backup', 'balance-tlb', 'balance-alb'])
  test(`${mode}, on a switch: traffic of both families continues when the active member's cable is pulled`, async () => {
    const { one, other, end } = await bonded([plugged(), plugged()], { mode, primary: 'net1' })
    assert.ok(pings(one, ...other.addresses))
    assert.is(active(one), 'net1')
    const lost = await lostWhile(one, other.addresses[0] ?? '', () => ip(`link set ${one.name}-net1 down`))
    await until('the other member is active', () => active(one) === 'net2')
    assert.ok(lost < 40, `${lost} of 60 lost`)
    assert.ok(pings(one, ...other.addresses), 'by net2')
    await end()
  })

test('active-backup sends on one member, broadcast on all, balance-rr on each in turn', async () => {
  for (const [mode, expected] of [
    ['active-backup', [true, false]],
    ['broadcast', [true, true]],
    ['balance-rr', [true, true]],
  ] as const) {
    const { one, other, end } = await bonded(joined(), { mode, ...needed[mode] })
    const before = cables.map((name) => sentBy(name, one))
    await lostWhile(one, other.addresses[0] ?? '', () => {}, 20)
    const sent = cables.map((name, index) => sentBy(name, one) - (before[index] ?? 0))
    assert.equal(
      sent.map((packets) => packets >= 9),
      expected,
      `${mode}: ${sent}`,
    )
    await end()
  }
})

test('802.3ad: both sides negotiate with LACP and use both members in one aggregator', async () => {
  const keys = {
    mode: '802.3ad',
    lacpRate: 'fast',
    xmitHashPolicy: 'layer3+4',
    adSelect: 'bandwidth',
    minLinks: 2,
  }
  const system = { adActorSystem: '02:00:5E:10:00:64', adActorSysPrio: 100, adUserPortKey: 7 }
  const nets = [bondNetwork({ ...keys, ...system }), bondNetwork(keys)] as const
  const { one, other, end } = await attachTwo(...nets, joined())
  const [address = ''] = other.addresses
  inContainer(one, `route add ${address} dev eth0`)
  inContainer(other, `route add ${one.addresses[0]} dev eth0`)
  const aggregator = () => infoOf('eth0', other)?.info_data?.ad_info as Record<string, unknown>
  await until('both members are in one aggregator', () => aggregator().num_ports === 2)
  assert.is(aggregator().partner_mac, '02:00:5e:10:00:64')
  await until('the other container answers', () => pings(one, address))
  await end()
})

test('ARP monitoring: a member with a carrier but without the ARP target is not used', async () => {
  const container = plugged()
  ip('address add 10.77.0.1/24 dev switch0')
  setSysctl('net/ipv4/conf/all/arp_ignore', 1)
  const net = bondNetwork({
    mode: 'active-backup',
    miimon: undefined,
    primary: 'net1',
    arpInterval: 100,
    arpIpTargets: ['10.77.0.1'],
    arpValidate: 'all',
    arpAllTargets: 'any',
    arpMissedMax: 2,
    ipam: fixed('10.77.0.2/24'),
  })
  await cnitool.add(net, container)
  assert.ok(pings(container, '10.77.0.1'))
  await until('net1 is the active member', () => active(container) === 'net1')
  const lost = await lostWhile(container, '10.77.0.1', () => ip(`link set ${container.name}-net1 nomaster`))
  await until('net2 is the active member', () => active(container) === 'net2')
  assert.ok(lost < 50, `${lost} of 60 lost`)
  assert.ok(pings(container, '10.77.0.1'))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: failOverMac active: the bond has the MAC address of the active member, and CHECK accepts it after a failover, too`, async () => {
    const container = plugged()
    const macs = cables.map((name) => link(name, container).address)
    const net = bondNetwork({ mode: 'active-backup', failOverMac: 1 })
    const { interfaces } = await cnitool.add(net, container, { engine })
    assert.is(interfaces[0]?.mac, macs[0])
    assert.equal(
      cables.map((name) => link(name, container).address),
      macs,
    )
    ip(`link set ${container.name}-net1 down`)
    await until('the other member is active', () => link('eth0', container).address === macs[1])
    await cnitool.check(net, container, { engine })
    await cnitool.del(net, container, { engine })
  })

/** The least that bond-cni's users write, in all its forms. */
for (const [engine, keys, said] of [
  ['quickjs', { mode: '802.3ad', failOverMac: 0, miimon: '100' }, ''],
  ['node', { mode: '4', failOverMac: '0', miimon: 100 }, ''],
  [
    'quickjs',
    { mode: 2, failOverMac: 1, allSlavesActive: '1' },
    'failOverMac is ignored: mode is "balance-xor"',
  ],
  ['node', { mode: 'balance-rr', failOverMac: 'follow' }, 'failOverMac is ignored: mode is "balance-rr"'],
  ['quickjs', { mode: 'active-backup', failOverMac: '1', miimon: '100' }, ''],
] as const)
  test(`${engine}: ${JSON.stringify(keys)}, as for bond-cni, works${said && ', with a warning'}`, async () => {
    const [container] = joined()
    const config = single(bondNetwork({ ...keys, ifname: 'bond0' }))
    const request = { config, engine, containerID: container.name, netns: container.path }
    const { status, json, stderr } = await call({ verb: 'ADD', ...request })
    assert.is(status, 0, JSON.stringify(json))
    assert.is(stderr.includes('failOverMac'), said !== '')
    assert.ok(stderr.includes(said), stderr)
    const prevResult = json as Record<string, unknown>
    assert.equal(
      (await call({ verb: 'CHECK', ...request, config: { ...config, prevResult } })).json,
      undefined,
    )
    assert.is((await call({ verb: 'DEL', ...request })).status, 0)
  })

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: an mtu above a member's limit is refused, with the member's name`, async () => {
    const container = plugged()
    inContainer(container, 'link add small link net2 type macvlan')
    const links = [{ name: 'net1' }, { name: 'small' }]
    const config = single(bondNetwork({ links, mtu: 9000, ipam: undefined }))
    const { code, said } = await refused({ config, engine }, container)
    assert.is(code, 7)
    assert.ok(said.includes('mtu: 9000 is too large for the member small, which has 1500'), said)
  })

test('bond and members have the requested MAC address until DEL', async () => {
  await takesMac(bondNetwork({}), plugged())
})

test.run()
