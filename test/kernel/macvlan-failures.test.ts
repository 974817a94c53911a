/** macvlan: when any system call of ADD fails, ADD still succeeds or leaves nothing. */
// needs: full speed, link macvlan

import * as assert from 'uvu/assert'
import { harmOfFailures } from '../harness/failing.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()

/** The variants of a network, and whether a container is attached before, so that what they share exists. */
const variants = [
  { keys: { mode: 'private', mtu: 1400 }, resident: false },
  { keys: { mode: 'passthru', mac: '02:00:5e:10:00:07' }, resident: false },
  { keys: { hostAccess: true }, resident: false },
  { keys: { hostAccess: true }, resident: true },
]

for (const { keys, resident } of variants) {
  const where = resident ? 'beside another container' : 'as the first container'
  test(`${JSON.stringify(keys)}, ${where}: a failing call leaves nothing, or does no harm`, async () => {
    const config = single(macvlanNetwork(keys))
    const other = newContainer()
    if (resident) await call({ verb: 'ADD', config, containerID: 'resident', netns: other.path })
    const { path: netns, name } = newContainer()
    const request = { verb: 'ADD', config, containerID: 'passing', netns } as const
    const harm = await harmOfFailures(request, { look: () => [...snapshot(), ...snapshotOf(name)] })
    assert.equal(harm, [])
    await call({ verb: 'DEL', config, containerID: 'resident', netns: other.path })
  })
}

test.run()
