/** bridge: a bad configuration is refused with its place, before any change. */

import * as assert from 'uvu/assert'
import { refused } from '../harness/attach.ts'
import { ip, succeeds } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const good = { cniVersion: '1.0.0', name: 'net', type: 'bridge', ipam: hostLocal('10.1.0.0/24') }

/** The fault, and the words of the message: the path, and the value found or allowed. */
const wrong: [Record<string, unknown>, ...RegExp[]][] = [
  [{ mtu: 'large' }, /mtu/, /large/],
  [{ mtu: -1 }, /mtu/, /-1/],
  [{ mtu: 65536 }, /mtu/, /65535/],
  [{ mtu: 1400.5 }, /mtu/],
  [{ hairpinMode: 'yes' }, /hairpinMode/, /yes/],
  [{ hairpinMode: true, promiscMode: true }, /hairpin mode and promisc/],
  [{ vlan: 4095 }, /vlan/, /4094/],
  [{ vlanTrunk: [{ minID: 10 }] }, /vlanTrunk\[0\]/, /minID needs maxID/],
  [{ vlanTrunk: [{ minID: 20, maxID: 10 }] }, /vlanTrunk\[0\]/, /20 is greater than/],
  [{ vlanTrunk: [{}] }, /vlanTrunk\[0\]/],
  [{ vlanTrunk: { id: 1 } }, /vlanTrunk/],
  [{ ipMasqBackend: 'ipfw' }, /ipMasqBackend/, /ipfw/, /nftables/],
  [{ bridge: 'a-name-that-is-too-long' }, /bridge/, /15/],
  [{ bridge: 'a/b' }, /bridge/],
  [{ disableContainerInterface: true }, /DisableContainerInterface/],
  [{ uplinks: 'eth1' }, /uplinks/, /eth1/],
  [{ moveAddresses: true }, /moveAddresses/, /uplinks/],
  [{ dad: 'maybe' }, /dad/, /maybe/, /wait/],
  [{ groupForwardMask: 1 }, /groupForwardMask/],
  [{ hairpinmod: true }, /hairpinmod/, /hairpinMode/],
  [{ ipam: { type: 'host-local', ranges: [[{ subnet: '10.1.0.0/33' }]] } }, /ipam\.ranges\[0\]\[0\]/],
  [{ ipam: { type: 'host-local', rangs: [[{ subnet: '10.1.0.0/24' }]] } }, /rangs/, /ranges/],
]

for (const [keys, ...named] of wrong)
  test(`code 7: ${JSON.stringify(keys)}`, async () => {
    const { code, said } = await refused({ config: { ...good, ...keys } })
    assert.is(code, 7)
    for (const pattern of named) assert.match(said, pattern)
  })

test('an IPAM plugin that does not exist is refused before any change', async () => {
  const { json } = await refused({ config: { ...good, ipam: { type: 'nosuch' } } })
  assert.match(String(json.msg), /nosuch/)
})

test('broken JSON: code 6 with line, column and the line itself', async () => {
  const { code, said } = await refused({ config: '{\n  "name": "net",\n  "type": bridge\n}' })
  assert.is(code, 6)
  for (const pattern of [/line 3/, /column 11/, /"type": bridge/]) assert.match(said, pattern)
})

test('an unknown key without a similar one is accepted, and named once on standard error', async () => {
  const config = { ...good, sunshine: true, _note: 'mine', 'example.com/x': 1 }
  const { status, stderr } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.is(status, 0)
  assert.is(stderr.match(/sunshine/g)?.length, 1)
  assert.not.match(stderr, /_note|example\.com/)
})

test('VLANs on a kernel whose bridges cannot filter are refused with the kernel option’s name', async () => {
  const config = { ...good, name: 'vlans', bridge: 'vlans0', vlan: 100 }
  if (canFilter()) {
    const { status } = await call({ verb: 'ADD', config, containerID: 'v', netns: newContainer().path })
    return assert.is(status, 0)
  }
  const { said } = await refused({ config })
  assert.match(said, /CONFIG_BRIDGE_VLAN_FILTERING/)
})

/** Whether this kernel's bridges filter VLANs; a kernel without accepts the option without effect, or refuses it. */
function canFilter(): boolean {
  const words = 'link add probe0 type bridge vlan_filtering 1'
  if (!succeeds('ip', ...words.split(' '))) return false
  const { linkinfo } = link('probe0')
  ip('link delete probe0')
  return linkinfo?.info_data?.vlan_filtering === 1
}

test.run()
