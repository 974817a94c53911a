/** vlan: when any system call of ADD fails, ADD still succeeds or leaves nothing. */
// needs: link vlan

import * as assert from 'uvu/assert'
import { harmOfFailures } from '../harness/failing.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { tidy, vlanNetwork } from '../harness/vlan.ts'

await privateHost()
lan()
test.after.each(tidy)

for (const [what, keys, resident] of [
  ['one tag', { vlanId: 100 }, undefined],
  ['two tags, as the outer device’s first user', { tags: [100, 20] }, undefined],
  ['two tags, beside another user of the outer device', { tags: [100, 20] }, { tags: [100, 30] }],
] as const)
  test(`${what}: a failing call leaves nothing, or does no harm`, async () => {
    if (resident) {
      const config = single(vlanNetwork(resident))
      const { status } = await call({
        verb: 'ADD',
        config,
        containerID: 'resident',
        netns: newContainer().path,
      })
      assert.is(status, 0)
    }
    const config = single(vlanNetwork(keys, '10.0.0.2'))
    const { path: netns, name } = newContainer()
    const request = { verb: 'ADD', config, containerID: 'passing', netns } as const
    const look = () => [...snapshot(), ...snapshotOf(name)]
    assert.equal(await harmOfFailures(request, { look }), [])
  })

test.run()
