/** team: what is refused, on any kernel, before anything is touched. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { probeOf } from '../guest/features.ts'
import { succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'

await privateHost()

const hasTeams = succeeds('unshare', '--net', 'sh', '-c', probeOf('link team') ?? '')
const links = [{ name: 'net1' }, { name: 'net2' }]
const base = { type: 'team', name: 'net', cniVersion: '1.1.0', linksInContainer: true, links }

async function refused(keys: Record<string, unknown>): Promise<{ code: unknown; said: string }> {
  const container = newContainer()
  for (const name of ['net1', 'net2']) inContainer(container, `link add ${name} type veth peer name x${name}`)
  const before = [snapshot(), snapshotOf(container.name)] as const
  const { status, json } = await call({ verb: 'ADD', config: { ...base, ...keys }, netns: container.path })
  assert.is(status, 1)
  unchanged(before[0])
  unchanged(before[1], snapshotOf(container.name))
  return { code: json?.code, said: `${json?.msg}; ${json?.details}` }
}

for (const [keys, ...parts] of [
  [{ mode: 'lacp' }, 'mode is "lacp"', '"broadcast", "roundrobin"'],
  [{ links: [] }, 'links is empty'],
  [{ activePort: 'net1' }, 'activePort is set but mode is "roundrobin"', 'mode "activebackup"'],
  [{ mode: 'activebackup', activePort: 'net3' }, 'activePort is "net3", which is not among links'],
  [
    { mode: 'activebackup', activePort: 'net1', links: [{ name: 'net1', enabled: false }] },
    'activePort is "net1", which is not enabled',
  ],
  [{ xmitHashPolicy: 'layer2' }, 'xmitHashPolicy is set but mode is "roundrobin"'],
  [{ mode: 'loadbalance', xmitHashPolicy: 'layer7' }, 'xmitHashPolicy is "layer7"'],
  [{ links: [{ name: 'net1', priority: 0.5 }] }, 'links[0].priority is 0.5'],
  [{ linksInContainer: false }, 'links: the host has no interface "net1"', 'ENODEV'],
] as const)
  test(`${JSON.stringify(keys)} is refused: ${parts[0]}`, async () => {
    const { code, said } = await refused(keys as Record<string, unknown>)
    assert.is(code, 7, said)
    for (const part of parts) assert.ok(said.includes(part), said)
  })

test('STATUS and ADD say that a kernel without teams has none, and name the module', async () => {
  const status = await call({ verb: 'STATUS', config: base })
  if (hasTeams) return assert.is(status.status, 0)
  for (const { code, said } of [
    { code: status.json?.code, said: `${status.json?.msg} ${status.json?.details}` },
    await refused({}),
  ]) {
    assert.is(code, 50)
    assert.match(said, 'this kernel has no team devices')
    assert.match(said, 'modprobe rtnl-link-team')
  }
})

test.run()
