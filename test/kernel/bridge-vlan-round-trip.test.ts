/** bridge with VLANs: configurations that are refused, the round trip, and what CHECK notices. */
// needs: bridge vlan_filtering, link vlan

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { exists, hostEnd } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { type Kind, noticed, roundTrip } from '../harness/round-trip.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const wrong: Record<string, [keys: Record<string, unknown>, place: RegExp]> = {
  'a VLAN below 1': [{ vlan: -1 }, /^vlan is -1, .* 4094/],
  'a VLAN above 4094': [{ vlan: 4095 }, /^vlan is 4095, .* 4094/],
  'a VLAN that is no number': [{ vlan: '100' }, /^vlan is "100", .* 4094/],
  'VLAN 0 in a trunk': [{ vlanTrunk: [{ id: 0 }] }, /vlanTrunk\[0\]\.id is 0, .* 1 to 4094/],
  'a VLAN above 4094 in a trunk': [
    { vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 4095 }] },
    /vlanTrunk\[1\]\.maxID is 4095/,
  ],
  'a range without an end': [{ vlanTrunk: [{ minID: 5 }] }, /vlanTrunk\[0\]: minID needs maxID/],
  'a range without a beginning': [{ vlanTrunk: [{ maxID: 5 }] }, /vlanTrunk\[0\]: maxID needs minID/],
  'a range that ends before it begins': [{ vlanTrunk: [{ minID: 9, maxID: 5 }] }, /vlanTrunk\[0\]: .*9.*5/],
  'an entry that says nothing': [{ vlanTrunk: [{}] }, /vlanTrunk\[0\]/],
  'an entry that says both': [{ vlanTrunk: [{ id: 4, minID: 1, maxID: 5 }] }, /vlanTrunk\[0\]/],
}

for (const [what, [keys, place]] of Object.entries(wrong))
  test(`${what} is refused before anything is touched`, async () => {
    const before = snapshot()
    const config = single(bridgeNetwork(keys))
    const { status, json } = await call({ verb: 'ADD', config, netns: newContainer().path })
    assert.equal([status, json?.code], [1, 7])
    assert.match(`${json?.msg} ${json?.details}`, place)
    unchanged(before)
  })

const kind: Kind = {
  config: {
    type: 'bridge',
    bridge: 'trip0',
    isDefaultGateway: true,
    vlan: 100,
    vlanTrunk: [{ id: 42 }, { minID: 200, maxID: 210 }],
  },
  subnets: ['10.88.0.0/24', 'fd88::/64'],
  expect: ({ linkinfo }) => assert.is(linkinfo?.info_kind, 'veth'),
  breaks: {
    'the VLAN is missing': (container) => changePort(container, 'del', '100'),
    'a VLAN of the trunk is missing': (container) => changePort(container, 'del', '205'),
    'the port lets another VLAN in untagged': (container) =>
      changePort(container, 'add', '300', 'pvid', 'untagged'),
    'a VLAN leaves the port tagged': (container) => changePort(container, 'add', '100', 'pvid'),
  },
}

function changePort(container: Netns, verb: string, ...vlan: string[]): void {
  command('bridge', 'vlan', verb, 'dev', hostEnd(container).ifname, 'vid', ...vlan)
}

for (const version of ['0.2.0', '1.1.0'])
  test(`configured as ${version}: up and as configured, and DEL leaves nothing`, () =>
    roundTrip(kind, version))

test('on the node engine: up and as configured, and DEL leaves nothing', () =>
  roundTrip(kind, '1.0.0', 'node'))

for (const broken of Object.keys(kind.breaks))
  test(`CHECK notices that ${broken}, and DEL still cleans up`, async () => {
    assert.match(await noticed(kind, broken), /bridge vlan show dev/)
  })

let bridges = 0

/** Faults of what all containers of the VLAN share: DEL does not repair them. */
const sharedBreaks: Record<string, (bridge: string) => void> = {
  'the gateway is gone': (bridge) => ip(`link delete ${bridge}.100`),
  'the gateway lacks an address': (bridge) => ip(`-4 address flush dev ${bridge}.100`),
  'the bridge does not filter': (bridge) => ip(`link set ${bridge} type bridge vlan_filtering 0`),
}

for (const [broken, breakIt] of Object.entries(sharedBreaks))
  test(`CHECK notices that ${broken}, DEL still removes the container`, async () => {
    const bridge = `vbr${++bridges}`
    const net = bridgeNetwork({ bridge, vlan: 100, isDefaultGateway: true })
    const container = newContainer()
    await cnitool.add(net, container)
    await cnitool.check(net, container)
    breakIt(bridge)
    assert.match(await refusal(cnitool.check(net, container)), bridge)
    await cnitool.del(net, container)
    assert.not(exists('eth0', container))
  })

test('the example of conf-examples: up and as configured, and DEL leaves nothing', async () => {
  const { name, cniVersion, plugins } = exampleNetwork('40-bridge-vlan.conflist')
  const [config = { type: 'none', vlan: 0 }] = plugins
  assert.equal([name, config.vlan], ['bridge-vlan', 100])
  await roundTrip({ ...kind, config, subnets: ['10.91.0.0/16'] }, cniVersion)
})

test.run()
