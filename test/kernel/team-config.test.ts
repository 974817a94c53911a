/** team: configurations that are refused before any change, on any kernel. */

import * as assert from 'uvu/assert'
import { probeOf } from '../guest/features.ts'
import { errorOf, refused as refusedAdd } from '../harness/attach.ts'
import { newContainerWithNics } from '../harness/cables.ts'
import { succeeds } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { assertMissing, testRefusals } from '../harness/refusals.ts'
import { test } from '../harness/test.ts'

await privateHost()

const hasTeams = succeeds('unshare', '--net', 'sh', '-c', probeOf('link team') ?? '')
const links = [{ name: 'net1' }, { name: 'net2' }]
const base = { type: 'team', name: 'net', cniVersion: '1.1.0', linksInContainer: true, links }

const refused = (keys: Record<string, unknown>) =>
  refusedAdd({ config: { ...base, ...keys } }, newContainerWithNics())

testRefusals(
  [
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
    [
      { links: [{ name: 'net1', queueId: 16 }] },
      'links[0].queueId is 16, must be a whole number from 0 to 15',
    ],
    [{ links: [{ name: 'net1', priority: 0.5 }] }, 'links[0].priority is 0.5'],
    [{ linksInContainer: false }, 'links: the host has no interface "net1"', 'ENODEV'],
  ],
  refused,
)

test('on a kernel without teams, STATUS and ADD name the module', async () => {
  const status = await call({ verb: 'STATUS', config: base })
  if (hasTeams) return assert.is(status.status, 0)
  assertMissing('team', errorOf(status), await refused({}))
})

test.run()
