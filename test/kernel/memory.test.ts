/** The memory of a call (docs/engine.md): of the heap with which it begins it writes few pages. */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { faultsOf, pausedAt } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { bridgeNetwork, hostLocal, single } from '../harness/networks.ts'
import { type Call, callAlone } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** What an ADD has used when it is about to answer: page faults (proc_pid_stat(5)), and memory of its own in kilobytes (proc_pid_status(5)). */
async function usedBy(add: Call) {
  const del: Call = { ...add, verb: 'DEL' }
  // The first one also makes what the network's containers share.
  for (const request of [add, del]) callAlone(request)
  const writes = (await faultsOf(add)).filter(({ syscall }) => syscall === 'write')
  const last = writes.at(-1)
  assert.ok(last)
  callAlone(del)
  const paused = await pausedAt(add, last)
  assert.ok('pid' in paused)
  const [, afterName = ''] = readFileSync(`/proc/${paused.pid}/stat`, 'utf8').split(') ')
  const [, own] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${paused.pid}/status`, 'utf8')) ?? []
  assert.is((await paused.resume()).status, 0)
  return { faults: Number(afterName.split(' ')[7]), own: Number(own) }
}

test('an ADD has 220 KB of its own at most, and 165 page faults', async () => {
  const config = single(bridgeNetwork({ ipam: hostLocal('10.78.0.0/24') }, '1.1.0'))
  const { faults, own } = await usedBy({ verb: 'ADD', config, netns: newContainer().path })
  assert.ok(own > 0 && own <= 220, `${own} KB`)
  assert.ok(faults > 0 && faults <= 165, `${faults} page faults`)
})

test.run()
