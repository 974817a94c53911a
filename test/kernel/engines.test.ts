/** Both engines on one host: each finds what the other attached. */
// needs: nft bridge

import * as assert from 'uvu/assert'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const config = single(bridgeNetwork({ isGateway: true, macspoofchk: true }))

for (const [one, other] of [
  ['quickjs', 'node'],
  ['node', 'quickjs'],
] as const)
  test(`${other} checks and removes what ${one} attached, ten times over`, async () => {
    const warmUp = { config, netns: newContainer().path, containerID: 'first' }
    for (const verb of ['ADD', 'DEL'] as const) await call({ ...warmUp, verb, engine: one })
    const before = snapshot()
    for (let number = 0; number < 10; number++) {
      const attachment = { netns: newContainer().path, containerID: `${one}-${number}` }
      const added = await call({ config, ...attachment, verb: 'ADD', engine: one })
      assert.is(added.status, 0, JSON.stringify(added))
      const checked = { ...config, prevResult: added.json }
      const answer = await call({ config: checked, ...attachment, verb: 'CHECK', engine: other })
      assert.is(answer.status, 0, JSON.stringify(answer))
      const removed = await call({ config, containerID: attachment.containerID, verb: 'DEL', engine: other })
      assert.is(removed.status, 0, JSON.stringify(removed))
    }
    unchanged(before)
  })

test.run()
