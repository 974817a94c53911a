/** ipvlan: impossible configurations are refused, with reason and remedy, and nothing is left. */
// needs: link ipvlan, link macvlan

import * as assert from 'uvu/assert'
import { refused as refusedAdd } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { farHost, near, newContainer, privateHost } from '../harness/host.ts'
import { link, routes } from '../harness/look.ts'
import { hostLocal, single } from '../harness/networks.ts'
import { ipvlanNetwork } from '../harness/nic.ts'
import { call } from '../harness/plugin.ts'
import { testRefusals } from '../harness/refusals.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add port type veth')
ip('link add br0 type bridge')
ip('link set port master br0')
ip('link add busy type veth')
ip('link add link busy name mac0 type macvlan')

type Keys = Record<string, unknown>

const refused = (keys: Keys, args?: string) => refusedAdd({ config: single(ipvlanNetwork(keys)), args })

const fixed = (address: string, gateway?: string, routes?: object[]) => ({
  ipam: { type: 'static', addresses: [{ address, gateway }], routes },
})
const toAll = [{ dst: '0.0.0.0/0' }]

testRefusals(
  [
    [{ mode: 'l4' }, 'mode is "l4"', '"l2", "l3" or "l3s"'],
    [{ flag: 'vlan' }, 'flag is "vlan"', '"bridge", "private" or "vepa"'],
    [{ master: 'nosuch' }, 'master: the host has no interface "nosuch"', 'ip link show'],
    [{ master: 'port' }, 'ipvlan cannot sit on port: it is a port of bridge br0', 'use br0 as master'],
    [{ master: 'busy' }, 'ipvlan cannot sit on busy: macvlan mac0 is on it already', 'ip link delete mac0'],
    [{ master: 'lo' }, 'ipvlan cannot sit on lo: the parent must be an Ethernet device', 'name a NIC'],
    [{ mtu: 60 }, 'mtu: must be 0 or from 68', ''],
    [
      { mtu: 1501 },
      'mtu: 1501 is more than the 1500 of the parent uplink',
      'ip link set dev uplink mtu 1501',
    ],
    [
      { runtimeConfig: { mac: '02:00:5e:10:00:01' } },
      'MAC address 02:00:5e:10:00:01 is not possible',
      'macvlan',
    ],
    [
      { args: { cni: { mac: '02:00:5e:10:00:01' } } },
      'all ipvlans on uplink have its own',
      'MAC in CNI_ARGS',
    ],
    [{ hostAccess: true, flag: 'private' }, 'hostAccess is set but flag is "private"', 'set flag "bridge"'],
    [
      { hostAccess: true, linkInContainer: true },
      'hostAccess and linkInContainer cannot be set together',
      '',
    ],
    [{ hostAccess: true, ipam: undefined }, 'hostAccess needs ipam', 'set ipam'],
    [{ mode: 'l3', ipam: undefined }, 'ipam is not set: mode l3 needs it', '"mode": "l2"'],
    [{ mode: 'l3s', ipam: {} }, 'ipam is not set: mode l3s needs it', '"mode": "l2"'],
    [
      { mode: 'l3', ipam: { type: 'dhcp' } },
      'does not work in mode l3: DHCP needs broadcasts',
      '"mode": "l2"',
    ],
    [
      { mode: 'l3', ...fixed('fe80::5/64') },
      'fe80::5 is link-local: it is unreachable in mode l3',
      'a subnet that is routed',
    ],
    [
      fixed(`${near.ipv4}/24`),
      `${near.ipv4} is an address of the parent uplink`,
      'leave it out of the range',
    ],
    [{ mode: 'l3', ...fixed(`${near.ipv6}/64`) }, 'is an address of the parent uplink', 'rangeStart'],
    [
      { ipam: { type: 'host-local', ranges: [[{ subnet: '198.51.100.0/24', rangeStart: near.ipv4 }]] } },
      `${near.ipv4} is an address of the parent uplink`,
      'rangeStart',
    ],
  ],
  refused,
)

test('what flannel adds to a delegate is taken: ipMasq with a warning, the MTU for the interface', async () => {
  const container = newContainer()
  const config = single(ipvlanNetwork({ ipMasq: false, mtu: 1450 }))
  const { status, stderr } = await call({ verb: 'ADD', config, netns: container.path })
  assert.equal([status, link('eth0', container).mtu], [0, 1450])
  assert.match(
    stderr,
    /^patchbay ipvlan: warning: keys without effect here: ipMasq \(of bridge, ptp, flannel\)$/,
  )
  await call({ verb: 'DEL', config, netns: container.path })
})

test('MAC in CNI_ARGS is refused, unless it is the parent’s', async () => {
  const { code, said } = await refused({}, 'MAC=02:00:5e:10:00:01')
  assert.is(code, 7)
  assert.match(said, 'is not possible: all ipvlans on uplink')
  const args = `MAC=${link('uplink').address.toUpperCase()}`
  const request = { config: single(ipvlanNetwork()), netns: newContainer().path, args }
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
})

test('l2: a gateway outside the subnet works where a route leads to it', async () => {
  const ways = [{ dst: '10.2.0.1/32', scope: 253 }, ...toAll]
  const container = newContainer()
  const config = single(ipvlanNetwork(fixed('10.1.0.2/24', '10.2.0.1', ways)))
  const { status, json } = await call({ verb: 'ADD', config, netns: container.path })
  assert.is(status, 0, JSON.stringify(json))
  assert.ok(routes(4, container).includes('default via 10.2.0.1'))
  await call({ verb: 'DEL', config, netns: container.path })
})

test('l3 in the parent’s subnet: works, with a warning that the mode answers no ARP', async () => {
  const warnings = async (keys: Keys) => {
    const request = { config: single(ipvlanNetwork({ mode: 'l3', ...keys })), netns: newContainer().path }
    const { status, stderr } = await call({ ...request, verb: 'ADD' })
    await call({ ...request, verb: 'DEL' })
    assert.is(status, 0, stderr)
    return stderr
  }
  assert.match(await warnings({}), 'mode l3 does not answer ARP')
  assert.is(await warnings({ ipam: hostLocal('10.75.0.0/24') }), '')
})

test('a parent that is down is used, with a warning', async () => {
  ip('link add nic type veth')
  const request = { config: single(ipvlanNetwork({ master: 'nic' })), netns: newContainer().path }
  const { status, stderr } = await call({ ...request, verb: 'ADD' })
  assert.is(status, 0, stderr)
  assert.match(stderr, 'ip link set dev nic up')
  ip('link delete nic')
  await call({ ...request, verb: 'DEL' })
})

test.run()
