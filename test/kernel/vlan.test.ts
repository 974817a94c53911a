/** vlan: reachability, the tags of frames, and the keys. */
// needs: link vlan

import * as assert from 'uvu/assert'
import { done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { exists, inContainer, link } from '../harness/look.ts'
import { single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { engines } from '../harness/status.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings, pingsWith } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { attachVlan, tagged, tidy, vlanNetwork } from '../harness/vlan.ts'

await privateHost()
const far = lan()

test.after.each(tidy)

/** The packets of two pings that the far host sees, with all headers. */
async function onTheWire(from: Netns, address: string): Promise<string> {
  const heard = await overhear('trunk', 'icmp or vlan', () => assert.ok(pings(from, address)), far)
  return heard.filter((line) => line.includes('echo request')).join('\n')
}

test('a container reaches its VLAN on the far host, and its frames have that tag', async () => {
  tagged(far, 'trunk', 'v100', 'id 100', '10.0.0.1')
  const container = await attachVlan({ vlanId: 100 }, '10.0.0.2')
  const frames = await onTheWire(container, '10.0.0.1')
  assert.match(frames, /ethertype 802\.1Q \(0x8100\).* vlan 100, p 0, ethertype IPv4/)
})

test('a container receives no frames with another tag or without a tag', async () => {
  for (const id of [100, 200]) tagged(far, 'trunk', `v${id}`, `id ${id}`, `10.0.${id}.1`)
  const [one, other] = [await attachVlan({ vlanId: 100 }, '10.0.100.2'), await attachVlan({ vlanId: 200 })]
  const shout = (target: string) => assert.ok(isSilent(far, target))
  inContainer(far, 'address add 10.0.7.1/24 dev trunk')
  const heard = await overhear(
    'eth0',
    'arp or ip',
    () => {
      assert.ok(pings(far, '10.0.100.2'))
      for (const unused of ['10.0.100.9', '10.0.7.9']) shout(unused)
    },
    other,
  )
  inContainer(far, 'address delete 10.0.7.1/24 dev trunk')
  assert.equal(heard, [])
  const own = await overhear('eth0', 'arp', () => shout('10.0.100.8'), one)
  assert.match(own.join('\n'), 'who-has 10.0.100.8')
})

test('802.1ad and 802.1Q with the same id are different VLANs, and frames have the protocol', async () => {
  tagged(far, 'trunk', 'v100', 'id 100', '10.0.1.1')
  tagged(far, 'trunk', 'v101', 'protocol 802.1ad id 100', '10.0.0.1')
  const container = await attachVlan({ vlanId: 100, protocol: '802.1ad' }, '10.0.0.2')
  const customers = await attachVlan({ vlanId: 100 }, '10.0.0.3')
  assert.ok(isSilent(customers, '10.0.0.1'))
  const frames = await onTheWire(container, '10.0.0.1')
  assert.match(frames, /\(0x88a8\).* vlan 100, p 0, ethertype IPv4/)
})

test('VLAN 0 is a priority tag without a VLAN', async () => {
  tagged(far, 'trunk', 'v0', 'id 0', '10.0.0.1')
  const container = await attachVlan({ vlanId: 0, egressPriorities: { 0: 5 } }, '10.0.0.2')
  assert.match(await onTheWire(container, '10.0.0.1'), /\(0x8100\).* vlan 0, p 5, ethertype IPv4/)
})

test('a packet’s priority becomes the tag’s as configured, by default 0', async () => {
  tagged(far, 'trunk', 'v100', 'id 100', '10.0.0.1')
  const container = await attachVlan({ vlanId: 100, egressPriorities: { 6: 5 } }, '10.0.0.2')
  const ping = (...tos: string[]) => assert.ok(pingsWith(tos, container, '10.0.0.1'))
  // IPTOS_LOWDELAY is TC_PRIO_INTERACTIVE, 6: include/uapi/linux/pkt_sched.h, ip_tos2prio.
  const urgent = await overhear(
    'trunk',
    'vlan and icmp[icmptype] == icmp-echo',
    () => ping('-Q', '0x10'),
    far,
  )
  const usual = await overhear('trunk', 'vlan and icmp[icmptype] == icmp-echo', () => ping(), far)
  assert.match(urgent.join('\n'), 'vlan 100, p 5,')
  assert.match(usual.join('\n'), 'vlan 100, p 0,')
})

test('a tag’s priority becomes the packet’s as configured', async () => {
  tagged(far, 'trunk', 'v100', 'id 100 egress-qos-map 0:3', '10.0.0.1')
  const container = await attachVlan({ vlanId: 100, ingressPriorities: { 3: 42 } }, '10.0.0.2')
  ip(`netns exec ${container.name} tc qdisc add dev eth0 clsact`)
  const filter = 'filter add dev eth0 ingress protocol ip basic match meta(priority eq 42) action drop'
  ip(`netns exec ${container.name} tc ${filter}`)
  assert.ok(isSilent(far, '10.0.0.2'), 'packets of priority 42 are dropped')
  inContainer(far, 'link set dev v100 type vlan egress-qos-map 0:2')
  assert.ok(pings(far, '10.0.0.2'))
})

test('without reorder the container receives frames with their tag', async () => {
  tagged(far, 'trunk', 'v100', 'id 100', '10.0.0.1')
  const container = await attachVlan({ vlanId: 100, reorder: false }, '10.0.0.2')
  const heard = await overhear('eth0', 'vlan 100', () => assert.ok(pings(far, '10.0.0.2')), container)
  assert.match(heard.join('\n'), 'vlan 100')
})

test('gvrp and mvrp announce the VLAN to the switch', async () => {
  // ETH_P_MVRP, include/uapi/linux/if_ether.h; GVRP frames have a length there.
  const frames = { gvrp: 'ether dst 01:80:c2:00:00:21 and llc', mvrp: 'ether proto 0x88f5' }
  for (const [key, filter] of Object.entries(frames)) {
    const told = await overhear(
      'trunk',
      filter,
      async (heard) => {
        await attachVlan({ vlanId: key === 'gvrp' ? 100 : 101, [key]: true })
        await until(`a frame of ${key}`, () => heard().length > 0)
      },
      far,
    )
    assert.ok(told.length > 0, key)
  }
})

test('the interface has the parent’s MAC address and MTU, unless others are configured', async () => {
  const parent = link('eth0')
  const container = await attachVlan({ vlanId: 100 })
  const { address, mtu } = link('eth0', container)
  assert.equal([address, mtu], [parent.address, parent.mtu])
  assert.equal(container.result.interfaces, [{ name: 'eth0', mac: address, mtu, sandbox: container.path }])
})

test('a requested MAC address is the interface’s, and frames to it arrive', async () => {
  tagged(far, 'trunk', 'v100', 'id 100', '10.0.0.1')
  const mac = '02:00:00:00:00:09'
  const container = await attachVlan({ vlanId: 100, mtu: 1300 }, '10.0.0.2', { args: { MAC: mac } })
  const { address, mtu } = link('eth0', container)
  assert.equal([address, mtu], [mac, 1300])
  assert.ok(pings(far, '10.0.0.2'))
})

test('with looseBinding the interface is up on a parent that is down', async () => {
  ip('link add low type veth peer name wol')
  const { flags } = link('eth0', await attachVlan({ master: 'low', vlanId: 100, looseBinding: true }))
  assert.ok(flags.includes('UP'))
  ip('link delete low')
})

test('without master the parent is the interface of the default route', async () => {
  ip('address add 10.66.0.2/24 dev eth0')
  ip('route add default via 10.66.0.1')
  const container = await attachVlan({ master: undefined, vlanId: 100 })
  assert.is(link('eth0', container).link_index, link('eth0').ifindex)
  ip('address delete 10.66.0.2/24 dev eth0')
})

test('an MTU above the parent’s is refused with the maximum', async () => {
  const before = snapshot()
  const said = await refusal(attachVlan({ vlanId: 100, mtu: 1501 }))
  assert.match(said, 'mtu: 1501 is more than the 1500 of the parent eth0')
  unchanged(before)
})

for (const engine of engines)
  test(`${engine}: without vlanId the interface is of VLAN 0, with one warning, and CHECK accepts it`, async () => {
    const container = newContainer()
    const config = single(vlanNetwork({}, '10.0.0.2'))
    const attachment = { config, engine, netns: container.path }
    const { status, json: prevResult, stderr } = await call({ verb: 'ADD', ...attachment })
    assert.is(status, 0, JSON.stringify(prevResult))
    const says =
      'vlanId is missing: the interface gets VLAN 0, whose tag carries a priority only: name its VLAN'
    assert.is(stderr, `patchbay vlan: warning: ${says}`)
    assert.is(link('eth0', container).linkinfo?.info_data?.id, 0)
    assert.equal(await call({ verb: 'CHECK', ...attachment, config: { ...config, prevResult } }), done)
    assert.equal(await call({ verb: 'DEL', ...attachment }), done)
    assert.not.ok(exists('eth0', container))
  })

test.run()
