/** Locks that a stopped process holds: every wait has a bound, DEL does the rest first, and STATUS takes no lock. */
// needs: link macvtap

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Answer, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']
const nodes = '/run/patchbay/nodes.lock'
const addresses = '/var/lib/cni/networks/tapnet/lock'
const config = {
  type: 'macvtap',
  master: 'uplink',
  ipam: hostLocal('10.77.0.0/24'),
  name: 'tapnet',
  cniVersion: '1.1.0',
}

const newAttachment = (engine: Engine) => {
  const { name, path } = newContainer()
  return { config, containerID: name, netns: path, engine }
}

/** A stopped process with a lock. */
async function hold(file: string): Promise<{ pid: number; end(): void }> {
  const { pid = 0, stdout } = spawn('flock', ['-F', file, 'sh', '-c', 'echo held; kill -STOP $$'])
  await once(stdout, 'data')
  return { pid, end: () => process.kill(pid, 'SIGKILL') }
}

function assertHeld({ json }: Answer, pid: number, file: string): void {
  assert.is(json?.code, 11, JSON.stringify(json))
  assert.match(String(json?.msg), `process ${pid} (sh) holds a lock`)
  assert.match(String(json?.details), `file: ${file}`)
  assert.match(String(json?.details), `kill -9 ${pid}`)
}

test('ADD, DEL and GC end with code 11 and name the process; DEL has removed the rest long before', async () => {
  const attachments = engines.map(newAttachment)
  for (const attachment of attachments) await added(attachment)
  const holder = await hold(nodes)
  const answers: Promise<Answer>[] = []
  for (const attachment of attachments) {
    const { engine } = attachment
    let isDone = false
    const removal = call({ verb: 'DEL', ...attachment })
    void removal.then(() => {
      isDone = true
    })
    await until('the interface is deleted', () => !exists('eth0', { name: attachment.containerID, path: '' }))
    assert.not(isDone)
    answers.push(removal, call({ verb: 'ADD', ...newAttachment(engine) }))
    answers.push(call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': [] }, engine }))
  }
  for (const answer of await Promise.all(answers)) assertHeld(answer, holder.pid, nodes)
  holder.end()
  for (const attachment of attachments) assert.equal(await call({ verb: 'DEL', ...attachment }), done)
})

test('a lock of addresses: STATUS, and DEL of what was never added, do not wait for it', async () => {
  mkdirSync('/var/lib/cni/networks/tapnet', { recursive: true })
  const holder = await hold(addresses)
  for (const engine of engines)
    for (const verb of ['STATUS', 'DEL'] as const)
      assert.equal(await call({ verb, ...newAttachment(engine) }), done)
  holder.end()
})

test.run()
