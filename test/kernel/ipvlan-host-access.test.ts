/** ipvlan with hostAccess: host and containers reach each other in every mode, without packets on the LAN. */
// needs: link ipvlan

import * as assert from 'uvu/assert'
import { addressesOf, bare } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { farHost, type Netns, near, newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { apart, bothWays, ownSources, shimsOf } from '../harness/host-access.ts'
import { addresses, inContainer } from '../harness/look.ts'
import { ipvlanNetwork } from '../harness/nic.ts'
import { type Kind, noticed } from '../harness/round-trip.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear } from '../harness/traffic.ts'

await privateHost()
const distant = farHost()

const shims = () => shimsOf('ipvlan')

function accessible(keys: Record<string, unknown> = {}): cnitool.Network {
  return ipvlanNetwork({ hostAccess: true, ...keys })
}

const places = [
  { mode: 'l2', where: 'on the host’s LAN', keys: {} },
  { mode: 'l2', where: 'in subnets apart', keys: apart },
  { mode: 'l3', where: 'in subnets apart', keys: apart },
  { mode: 'l3s', where: 'in subnets apart', keys: apart },
]

for (const { mode, where, keys } of places)
  test(`${mode}: containers ${where} and the host reach each other; after DEL nothing is left`, async () => {
    const before = snapshot()
    const net = accessible({ mode, ...keys })
    const [one, other] = [newContainer(), newContainer()]
    const first = await cnitool.add(net, one)
    const second = await cnitool.add(net, other)
    assert.is(shims().length, 1)
    bothWays(one, first.ips)
    bothWays(other, second.ips)
    await cnitool.check(net, one)
    await cnitool.del(net, other)
    bothWays(one, first.ips)
    await cnitool.check(net, one)
    await cnitool.del(net, one)
    unchanged(before)
  })

test('the host sends from the parent’s address, and the container from its own', async () => {
  const container = newContainer()
  const net = accessible()
  const { ips, interfaces } = await cnitool.add(net, container)
  await ownSources(container, ips)
  assert.equal(
    interfaces.map(({ name }) => name),
    ['eth0', ...shims()],
  )
  await cnitool.del(net, container)
})

test('no packet of it is on the LAN', async () => {
  const container = newContainer()
  const net = accessible()
  const { ips } = await cnitool.add(net, container)
  const heard = await overhear('eth0', 'arp or icmp or icmp6', () => bothWays(container, ips), distant)
  // The kernel may send the announcements of ADD this late.
  const isAnnouncement = (line: string) =>
    addressesOf(ips).some((address) =>
      [`who-has ${address} tell ${address}`, `neighbor advertisement, tgt is ${address}`].some((words) =>
        line.includes(words),
      ),
    )
  const theirs = heard.filter(
    (line) => !isAnnouncement(line) && addressesOf(ips).some((address) => line.includes(`${address} `)),
  )
  assert.equal(theirs, [])
  await cnitool.del(net, container)
})

for (const scope of ['all', 'uplink'])
  test(`with a strict reverse path filter of ${scope}, l2 is refused and l3 works`, async () => {
    const before = snapshot()
    setSysctl(`net/ipv4/conf/${scope}/rp_filter`, 1)
    const container = newContainer()
    const said = await refusal(cnitool.add(accessible(), container))
    assert.match(said, 'strict reverse path filter of uplink')
    assert.match(said, 'sysctl -w net.ipv4.conf.uplink.rp_filter=2')
    const net = accessible({ mode: 'l3', ...apart })
    const { ips } = await cnitool.add(net, container)
    bothWays(container, ips)
    await cnitool.del(net, container)
    setSysctl('net/ipv4/conf/uplink/rp_filter', 2)
    const loose = accessible()
    bothWays(container, (await cnitool.add(loose, container)).ips)
    setSysctl('net/ipv4/conf/uplink/rp_filter', 1)
    assert.ok(isSilent(container, near.ipv4), 'what was refused would not have worked')
    await cnitool.del(loose, container)
    setSysctl('net/ipv4/conf/uplink/rp_filter', 0)
    setSysctl(`net/ipv4/conf/${scope}/rp_filter`, 0)
    unchanged(before)
  })

const kind: Kind = {
  config: { type: 'ipvlan', master: 'uplink', hostAccess: true },
  subnets: ['10.62.0.0/24', 'fd62::/64'],
  expect: () => {},
  breaks: {
    'the shim is gone': () => ip(`link delete ${shims()[0]}`),
    'the host has no route to the container': (container) => ip(`route delete ${own(container)}`),
    'the container does not know the host’s MAC address': (container) =>
      inContainer(container, `neighbour delete ${near.ipv6} dev eth0`),
  },
}

for (const broken of Object.keys(kind.breaks))
  test(`CHECK notices that ${broken}, and DEL still cleans up`, async () => {
    assert.match(await noticed(kind, broken), /run DEL and ADD again|repair it: /)
  })

function own(container: Netns): string {
  return bare(addresses('eth0', container)[0])
}

test.run()
