/** bridge: the VLANs of uplinks, which several networks may share. */
// needs: bridge vlan_filtering, link vlan

import * as assert from 'uvu/assert'
import { added, refused } from '../harness/attach.ts'
import { enginesOfRow } from '../harness/by-node.ts'
import { command, ip } from '../harness/command.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { link, portVlans } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, fixed, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'
import { tagged } from '../harness/vlan.ts'

await privateHost()

const native = (vlan: number) => `${vlan} PVID Egress Untagged`

let nics = 0

/** A NIC of the host, the far end of its cable, and networks of one bridge that have the NIC as an uplink. */
function cable(engine: Engine) {
  const nic = `nic${++nics}`
  const far = lan(nic, newContainer(`far${nics}`))
  const bridge = `vbr${nics}`
  const network = (uplink: object, keys: object = {}) =>
    single(bridgeNetwork({ bridge, uplinks: [{ name: nic, ...uplink }], ipam: undefined, ...keys }))
  const attach = async (config: Configuration, container = newContainer()) => {
    const request = { config, netns: container.path, containerID: container.name, engine }
    const prevResult = await added(request)
    const check = () => call({ verb: 'CHECK', ...request, config: { ...config, prevResult } })
    assert.is((await check()).status, 0)
    return { container, check, del: () => call({ verb: 'DEL', ...request }) }
  }
  const refuse = (config: Configuration) => refused({ config, engine })
  return { nic, far, bridge, network, attach, refuse }
}

/** Whether the far host hears a container's ARP requests with these words: `vlan 100`. */
async function hears(far: Netns, container: Netns, words: string): Promise<boolean> {
  const heard = await overhear('trunk', 'arp or (vlan and arp)', () => isSilent(container, '10.0.0.99'), far)
  return heard.some((line) => line.includes(words))
}

/** A test for each engine of the row. */
function testEach(name: string, run: (at: ReturnType<typeof cable>) => Promise<void>): void {
  for (const engine of enginesOfRow()) test(`${engine}: ${name}`, () => run(cable(engine)))
}

testEach(
  'a VLAN of the trunk reaches the LAN tagged, and others do not',
  async ({ nic, far, network, attach }) => {
    const uplink = { vlanTrunk: [{ id: 100 }, { minID: 200, maxID: 210 }] }
    const { container } = await attach(network(uplink, { vlan: 100, ipam: fixed('10.0.0.2/24') }))
    assert.equal(portVlans(nic), [native(1), '100', '200-210'])
    tagged(far, 'trunk', 'trunk.100', 'id 100', '10.0.0.1')
    assert.ok(pings(container, '10.0.0.1'))
    assert.ok(await hears(far, container, 'vlan 100'))
    const other = await attach(network(uplink, { vlan: 300, ipam: fixed('10.0.0.3/24') }))
    assert.not(await hears(far, other.container, '10.0.0.3'))
  },
)

testEach('vlan is the VLAN of untagged frames, and the only one', async ({ nic, far, network, attach }) => {
  const { container } = await attach(network({ vlan: 100 }, { vlan: 100, ipam: fixed('10.0.0.2/24') }))
  assert.equal(portVlans(nic), [native(100)])
  ip(`-n ${far.name} address add 10.0.0.1/24 dev trunk`)
  assert.ok(pings(container, '10.0.0.1'))
  const plain = await attach(network({ vlan: 100 }, { ipam: fixed('10.0.0.3/24') }))
  assert.ok(isSilent(plain.container, '10.0.0.1'), 'VLAN 1')
})

testEach('preserveDefaultVlan keeps VLAN 1 beside it', async ({ nic, network, attach }) => {
  await attach(network({ vlan: 100 }, { preserveDefaultVlan: true }))
  assert.equal(portVlans(nic), ['1 Egress Untagged', native(100)])
})

testEach(
  'networks that share an uplink add their VLANs, and a name alone changes nothing',
  async ({ nic, network, attach }) => {
    const one = network({ vlan: 7, vlanTrunk: [{ minID: 5, maxID: 9 }] })
    const attached = await attach(one)
    assert.equal(portVlans(nic), ['5-6', native(7), '8-9'])
    await attach(network({ vlanTrunk: [{ minID: 6, maxID: 12 }] }))
    await attach(network({}, { uplinks: [nic] }))
    assert.equal(portVlans(nic), ['5-6', native(7), '8-12'])
    assert.is((await attached.check()).status, 0)
    assert.is((await attached.del()).status, 0)
    assert.equal(portVlans(nic), ['5-6', native(7), '8-12'])
  },
)

testEach(
  'another VLAN for untagged frames is refused with both, and nothing changes',
  async ({ nic, network, attach, refuse }) => {
    await attach(network({ vlan: 7, vlanTrunk: [{ id: 8 }] }))
    const { code, said } = await refuse(network({ vlan: 100, vlanTrunk: [{ id: 9 }] }))
    assert.is(code, 7)
    assert.match(said, `uplinks: ${nic} has VLAN 7 for untagged frames already, and cannot have 100`)
    assert.match(said, `bridge vlan add dev ${nic} vid 100 pvid untagged`)
    command('bridge', 'vlan', 'del', 'dev', nic, 'vid', '7')
    assert.match((await refuse(network({ vlan: 8 }))).said, `${nic} sends VLAN 8 tagged already`)
    await attach(network({ vlan: 9 }))
    assert.equal(portVlans(nic), ['8', native(9)])
  },
)

testEach(
  'an ADD that fails takes its VLANs from the port again, and no others',
  async ({ nic, network, attach, refuse }) => {
    const tooSmall = { mtu: 70, ipam: fixed('fd00::2/64') }
    await refuse(network({ vlanTrunk: [{ id: 9 }] }, tooSmall))
    assert.not(link(nic).master)
    const { del } = await attach(network({ vlanTrunk: [{ id: 8 }] }))
    assert.is((await del()).status, 0)
    await refuse(network({ vlanTrunk: [{ minID: 7, maxID: 9 }] }, tooSmall))
    assert.equal(portVlans(nic), [native(1), '8'])
  },
)

testEach(
  'an uplink that has left gets its VLANs again with the next ADD',
  async ({ nic, network, attach }) => {
    const config = network({ vlan: 100, vlanTrunk: [{ id: 5 }] })
    const { check } = await attach(config)
    ip(`link set ${nic} nomaster`)
    assert.match(String((await check()).json?.msg), `${nic} is no port of`)
    await attach(config)
    assert.equal(portVlans(nic), ['5', native(100)])
    assert.is((await check()).status, 0)
  },
)

testEach(
  'CHECK names the VLANs that an uplink lacks, and the command that adds them',
  async ({ nic, network, attach }) => {
    const { check } = await attach(network({ vlan: 100, vlanTrunk: [{ minID: 5, maxID: 9 }] }))
    for (const [vlan, words] of [
      ['6-7', 'vid 6-7'],
      ['100', 'vid 100 pvid untagged'],
    ] as const) {
      command('bridge', 'vlan', 'del', 'dev', nic, 'vid', vlan)
      const { json } = await check()
      assert.is(json?.msg, `${nic} does not carry VLAN ${vlan} as configured`)
      assert.match(String(json?.details), `bridge vlan add dev ${nic} ${words}`)
      command('bridge', 'vlan', 'add', 'dev', nic, ...words.split(' '))
      assert.is((await check()).status, 0)
    }
  },
)

testEach(
  "a bridge that does not filter VLANs is refused, also for an uplink's",
  async ({ nic, bridge, network, refuse }) => {
    ip(`link add ${bridge} type bridge`)
    assert.match(
      (await refuse(network({ vlanTrunk: [{ id: 8 }] }))).said,
      `${bridge} type bridge vlan_filtering 1`,
    )
    assert.not(link(nic).master)
  },
)

testEach(
  'addresses are not moved from a VLAN that the bridge itself is not in',
  async ({ nic, network, attach, refuse }) => {
    ip(`address add 10.77.0.1/24 dev ${nic}`)
    const keys = { moveAddresses: true }
    assert.match(
      (await refuse(network({ vlan: 100 }, keys))).said,
      `its VLAN is 100, and vbr${nics} itself is in VLAN 1`,
    )
    await attach(network({ vlanTrunk: [{ id: 100 }] }, keys))
  },
)

testEach('41-bridge-uplink-vlan.conflist: VLAN 100 of the LAN, tagged', async ({ nic, attach }) => {
  const far = lan('eth3', newContainer(`lan-${nic}`))
  tagged(far, 'trunk', 'trunk.100', 'id 100', '192.168.100.1')
  const { container, del } = await attach(single(exampleNetwork('41-bridge-uplink-vlan.conflist')))
  assert.ok(pings(container, '192.168.100.1'))
  assert.is((await del()).status, 0)
  ip('link delete eth3')
})

test.run()
