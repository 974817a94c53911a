/** The memory of a call (docs/engine.md): of the heap with which it begins it writes few pages. */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { faultsOf, pausedAt } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { bridgeNetwork, hostLocal, single } from '../harness/networks.ts'
import { type Call, callAlone } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** Puts its own page faults, the tenth field of proc_pid_stat(5), into the environment, and becomes the plugin. */
const starter = [
  'sh',
  '-c',
  'read -r _ _ _ _ _ _ _ _ _ STARTER _ </proc/self/stat; export STARTER; exec "$0"',
]

/** What an ADD has used when it is about to answer: page faults, and kilobytes of memory (proc_pid_status(5)). */
async function usedBy(add: Call) {
  const del: Call = { ...add, verb: 'DEL' }
  // The first one also makes what the network's containers share.
  for (const request of [add, del]) callAlone(request)
  const writes = (await faultsOf(add)).filter(({ syscall }) => syscall === 'write')
  const last = writes.at(-1)
  assert.ok(last)
  callAlone(del)
  const paused = await pausedAt({ ...add, under: starter }, last)
  assert.ok('pid' in paused)
  const read = (file: string) => readFileSync(`/proc/${paused.pid}/${file}`, 'utf8')
  const faults = Number(read('stat').split(' ')[9]) - Number(/STARTER=(\d+)/.exec(read('environ'))?.[1])
  const status = read('status')
  assert.is((await paused.resume()).status, 0)
  callAlone(del)
  return { faults, own: kilobytes('RssAnon', status), peak: kilobytes('VmHWM', status) }
}

function kilobytes(name: string, status: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
}

const config = single(bridgeNetwork({ ipam: hostLocal('10.78.0.0/24') }, '1.1.0'))

// Measured: 220 KB, 4,000 KB, 121 page faults, of which the starter's rest and the engine of tests have some 5. Kernels differ by a few pages, and builds by 64 KB.
test('an ADD has 240 KB of its own at most, 4,100 KB with the executable, and 130 page faults', async () => {
  const { faults, own, peak } = await usedBy({ verb: 'ADD', config, netns: newContainer().path })
  assert.ok(own > 0 && own <= 240, `${own} KB`)
  assert.ok(peak > own && peak <= 4100, `${peak} KB`)
  assert.ok(faults > 0 && faults <= 130, `${faults} page faults`)
})

/** A limit of bash's `ulimit`, in kilobytes. */
const limited = (limit: string) => ['bash', '-c', `ulimit ${limit} && exec "$0"`]

for (const limit of ['-s 80', '-v 5600', '-v 4000000', '-d 4200'])
  test(`an ADD and its DEL succeed with ulimit ${limit}`, () => {
    const add: Call = { verb: 'ADD', config, netns: newContainer().path, under: limited(limit) }
    for (const verb of ['ADD', 'DEL'] as const) assert.is(callAlone({ ...add, verb }).status, 0, verb)
  })

test('without enough stack the remedy of an ADD is to raise its limit', () => {
  const netns = newContainer().path
  for (const kilobytes of [40, 48]) {
    const { json } = callAlone({ verb: 'ADD', config, netns, under: limited(`-s ${kilobytes}`) })
    assert.is(json?.code, 999, `${kilobytes}`)
    assert.is(json?.msg, 'stack overflow')
    assert.match(String(json?.details), /ulimit -s, LimitSTACK=/)
  }
})

test.run()
