/** Plugins that share a bridge take the same lock. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists, ports } from '../harness/look.ts'
import { type Call, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const state = '/run/patchbay'
const common = { cniVersion: '1.1.0', name: 'net' }
const container = newContainer()
const onBridge: Call = {
  verb: 'ADD',
  config: { ...common, type: 'bridge', bridge: 'br0' },
  netns: container.path,
}

/** Holds the lock of a bridge in another process. @returns a function that releases it */
async function holdLock(bridge: string): Promise<() => void> {
  mkdirSync(state, { recursive: true })
  const holder = spawn('flock', [
    '-F',
    `${state}/link-${bridge}.lock`,
    'sh',
    '-c',
    'echo held; exec sleep 30',
  ])
  await once(holder.stdout, 'data')
  return () => holder.kill()
}

const delOfVxlan = (bridge: string): Call => ({
  verb: 'DEL',
  config: { ...common, type: 'vxlan', vni: 7, bridge },
  containerID: 'c2',
})

/** The calls, by the bridge. No container uses br1, so the DEL may have to remove it. */
const calls: Record<string, [what: string, request: Call]> = {
  br0: ['ADD of bridge', onBridge],
  br1: ['DEL of vxlan', delOfVxlan('br1')],
}
ip('link add br1 type bridge')

for (const [bridge, [what, request]] of Object.entries(calls))
  test(`${what} waits for the lock of its bridge`, async () => {
    const release = await holdLock(bridge)
    let isDone = false
    const answer = call(request).finally(() => {
      isDone = true
    })
    await setTimeout(300)
    assert.not(isDone)
    release()
    const { status, json } = await answer
    assert.is(status, 0, JSON.stringify(json))
  })

test('DEL of vxlan neither waits for nor removes a bridge that a container uses', async () => {
  const release = await holdLock('br0')
  const { status } = await call(delOfVxlan('br0'))
  release()
  assert.is(status, 0)
  assert.ok(exists('br0'))
  assert.is(ports('br0').length, 1)
})

test.run()
