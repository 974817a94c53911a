/** vlan: what is refused, on any kernel, before anything is touched. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { probeOf } from '../guest/features.ts'
import { ip, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { vlanNetwork } from '../harness/vlan.ts'

await privateHost()
ip('link add eth0 type veth peer name trunk')
for (const name of ['eth0', 'trunk']) ip(`link set ${name} up`)
ip('link add low type veth peer name wol')

const hasVlans = succeeds('unshare', '--net', 'sh', '-c', probeOf('link vlan') ?? '')

async function refused(keys: Record<string, unknown>, args = ''): Promise<{ code: unknown; said: string }> {
  const container = newContainer()
  const before = [snapshot(), snapshotOf(container.name)] as const
  const config = single(vlanNetwork(keys, '10.0.0.2'))
  const { status, json } = await call({ verb: 'ADD', config, netns: container.path, args })
  assert.is(status, 1)
  unchanged(before[0])
  unchanged(before[1], snapshotOf(container.name))
  return { code: json?.code, said: `${json?.msg}; ${json?.details}` }
}

for (const [keys, ...parts] of [
  [{}, 'vlanId is missing', '0 to 4094'],
  [{ vlanId: 4095 }, 'vlanId is 4095', '0 to 4094'],
  [{ vlanId: 100, tags: [100, 20] }, 'vlanId and tags cannot be set together'],
  [{ tags: [100] }, 'tags has 1 of 2 to 7', '"vlanId": 100'],
  [{ tags: [100, 20], linkInContainer: true }, 'tags and linkInContainer'],
  [{ vlanId: 1, egressPriorities: { 5: 8 } }, 'egressPriorities.5 is 8', '0 to 7'],
  [{ vlanId: 1, mode: 'bridge' }, 'unknown key mode: it belongs to the plugins ', ' ipvlan'],
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
  [{ vlanId: 1, master: 'low' }, 'nothing can be up on low, which is down', 'ip link set dev low up'],
  [{ tags: [1, 2], master: 'low', looseBinding: true }, 'nothing can be up on low, which is down'],
] as const)
  test(`${JSON.stringify(keys)} is refused: ${parts[0]}`, async () => {
    const { code, said } = await refused(keys as Record<string, unknown>)
    assert.is(code, 7)
    for (const part of parts) assert.ok(said.includes(part), said)
  })

test('a MAC address that no interface can have is refused', async () => {
  const { code, said } = await refused({ vlanId: 1 }, 'MAC=01:00:5e:00:00:01')
  assert.is(code, 7)
  assert.match(said, 'neither multicast')
})

test('STATUS and ADD say that a kernel without VLANs has none; with them, STATUS says whether there is the parent', async () => {
  const config = (keys: object) => single(vlanNetwork({ vlanId: 1, ...keys }, undefined, '1.1.0'))
  const ready = await call({ verb: 'STATUS', config: config({}) })
  if (hasVlans) {
    assert.is(ready.status, 0)
    const { json } = await call({ verb: 'STATUS', config: config({ master: 'eth9' }) })
    assert.equal([json?.code, json?.msg], [50, 'master: the host has no interface "eth9"'])
    return
  }
  for (const { code, said } of [
    { code: ready.json?.code, said: `${ready.json?.msg} ${ready.json?.details}` },
    await refused({ vlanId: 1 }),
    await refused({ tags: [1, 2] }),
  ]) {
    assert.is(code, 50)
    assert.match(said, 'this kernel has no vlan devices')
    assert.match(said, 'modprobe')
  }
})

test.run()
