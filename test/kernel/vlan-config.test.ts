/** vlan: configurations that are refused before any change, on any kernel. */

import * as assert from 'uvu/assert'
import { probeOf } from '../guest/features.ts'
import { errorOf, refused as refusedAdd } from '../harness/attach.ts'
import { ip, succeeds } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { assertMissing, testRefusals } from '../harness/refusals.ts'
import { test } from '../harness/test.ts'
import { vlanNetwork } from '../harness/vlan.ts'

await privateHost()
ip('link add eth0 type veth peer name trunk')
for (const name of ['eth0', 'trunk']) ip(`link set ${name} up`)
ip('link add low type veth peer name wol')

const hasVlans = succeeds('unshare', '--net', 'sh', '-c', probeOf('link vlan') ?? '')

const refused = (keys: Record<string, unknown>, args?: string) =>
  refusedAdd({ config: single(vlanNetwork(keys, '10.0.0.2')), args })

testRefusals(
  [
    [{ vlanId: 4095 }, 'vlanId is 4095', '0 to 4094'],
    [{ vlanId: 100, tags: [100, 20] }, 'vlanId and tags cannot be set together'],
    [{ tags: [100] }, 'tags must have 2 to 7 entries, found 1', '"vlanId": 100'],
    [{ tags: [100, 20], linkInContainer: true }, 'tags and linkInContainer'],
    [{ vlanId: 1, egressPriorities: { 5: 8 } }, 'egressPriorities.5 is 8', '0 to 7'],
    [
      { vlanId: 1, mtu: 9000 },
      'mtu: 9000 is more than the 1500 of the parent eth0',
      'ip link set dev eth0 mtu 9000',
    ],
    [{ vlanId: 1, master: 'eth9' }, 'master: the host has no interface "eth9"', 'ENODEV'],
    [{ vlanId: 1, master: 'net1', linkInContainer: true }, 'master: the container has no interface "net1"'],
    [
      { vlanId: 1, master: undefined },
      'master is not set, and the host has no default route',
      'ip route show default',
    ],
    [{ vlanId: 1, master: 'low' }, 'the parent low is down', 'ip link set dev low up'],
    [{ tags: [1, 2], master: 'low', looseBinding: true }, 'the parent low is down'],
  ],
  refused,
)

test('a MAC address that no interface can have is refused', async () => {
  const { code, said } = await refused({ vlanId: 1 }, 'MAC=01:00:5e:00:00:01')
  assert.is(code, 7)
  assert.match(said, 'neither multicast')
})

test('on a kernel without VLANs, STATUS and ADD say so; with them, STATUS fails only without the parent', async () => {
  const config = (keys: object) => single(vlanNetwork({ vlanId: 1, ...keys }, undefined, '1.1.0'))
  const ready = await call({ verb: 'STATUS', config: config({}) })
  if (hasVlans) {
    assert.is(ready.status, 0)
    const { json } = await call({ verb: 'STATUS', config: config({ master: 'eth9' }) })
    assert.equal([json?.code, json?.msg], [50, 'master: the host has no interface "eth9": name another'])
    return
  }
  assertMissing('vlan', errorOf(ready), await refused({ vlanId: 1 }), await refused({ tags: [1, 2] }))
})

test.run()
