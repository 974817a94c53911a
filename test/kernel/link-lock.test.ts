/** Plugins that share a bridge take the same lock. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
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

/** Holds the lock of br0 in another process. @returns a function that releases it */
async function holdLock(): Promise<() => void> {
  mkdirSync(state, { recursive: true })
  const holder = spawn('flock', ['-F', `${state}/link-br0.lock`, 'sh', '-c', 'echo held; exec sleep 20'])
  await once(holder.stdout, 'data')
  return () => holder.kill()
}

const calls: Record<string, Call> = {
  'ADD of bridge': onBridge,
  'DEL of vxlan': {
    verb: 'DEL',
    config: { ...common, type: 'vxlan', vni: 7, bridge: 'br0' },
    containerID: 'c2',
  },
}

for (const [what, request] of Object.entries(calls))
  test(`${what} waits for the lock of its bridge`, async () => {
    const release = await holdLock()
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

test('DEL of vxlan does not remove a bridge that a container uses', async () => {
  const { status } = await call(calls['DEL of vxlan'] as Call)
  assert.is(status, 0)
  assert.ok(exists('br0'))
  assert.is(ports('br0').length, 1)
})

test.run()
