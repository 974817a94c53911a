/** `patchbay agent` is killed at each of its steps while it claims a block ahead, and while it gives one back: the next agent brings all in order. */
// etcd: 3.5

import { readdirSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { parseAddress } from '../../shared/ip/address.ts'
import { readHost } from '../../shared/store/files.ts'
import type { BlockValue } from '../../shared/store/values.ts'
import { type Agent, beginAgentWith } from '../harness/agent.ts'
import { agentHost, dataDir, keys } from '../harness/agent-host.ts'
import { startEtcd } from '../harness/etcd.ts'
import { alikeTwice } from '../harness/faults.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { fewer, fileChanges, preloaded } from '../harness/preload.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const etcd = await startEtcd()
const host = await agentHost(etcd)
await host.createPool('blue')
host.configure('net')
const first = await host.claim('net')
const taken = host.take('net', first, 60)
const faults = preloaded()

/** All blocks are full, and another one is needed; or all but the first are empty, and one is too many. */
const situations = {
  claim: {
    begin: () => host.held('net').flatMap((block) => (block === first ? [] : host.take('net', block, 60))),
    blocks: 3,
  },
  'give back': { begin: () => host.free('net', others()), blocks: 2 },
}
type Situation = keyof typeof situations

/** What containers have in other blocks than the first. */
const others = () =>
  readdirSync(`${dataDir}/net`).filter((text) => parseAddress(text) && !taken.includes(text))

const begin = (env: Record<string, string> = {}): Agent => beginAgentWith(env, '--empty-for', '0s')
const nonce = () => readHost()?.stores[0]?.nonce
const inFile = () =>
  host
    .holdings('net')
    .blocks.map(({ block, state }) => `${state} ${block}`)
    .sort()

function inStore(): string[] {
  const lines = etcd.etcdctl('get', '--prefix', '--print-value-only', keys.blocks('blue')).split('\n')
  const values = lines.filter(Boolean).map((line): BlockValue => JSON.parse(line))
  return values.map(({ block }) => `held ${block}`).sort()
}

/** An agent that nothing disturbs has entered and done what is needed; then the file and the store say the same. */
async function mended(situation: Situation, env: Record<string, string> = {}): Promise<void> {
  const before = nonce()
  const agent = begin(env)
  const { blocks } = situations[situation]
  const isDone = () => inFile().length === blocks && inFile().every((one) => one.startsWith('held '))
  await until(`it has done all (${situation})`, () => nonce() !== before && isDone())
  assert.equal(inFile(), inStore(), situation)
  agent.kill('SIGTERM')
  assert.is(await agent.ended(), 0)
}

/** How many files an agent writes to enter the store, before it claims or gives back. */
const entering = 2

/** Where an agent that has just started changes files. */
async function places(situation: Situation): Promise<readonly string[]> {
  const calls = `${scratch}/calls`
  rmSync(calls, { force: true })
  situations[situation].begin()
  await mended(situation, { ...faults, PATCHBAY_CALLS: calls })
  return fewer(fileChanges(calls), entering)
}

/** An agent is killed at a place, and the next one goes on. */
async function killedAt(place = '', situation: Situation): Promise<void> {
  situations[situation].begin()
  let how: unknown
  begin({ ...faults, PATCHBAY_FAULT: `${place}:kill` })
    .ended()
    .then((end) => {
      how = end
    })
  await until(`it is killed at ${place} (${situation})`, () => how === 'SIGKILL')
  await mended(situation)
}

test('killed before or after any file that it writes while it claims a block ahead, or gives one back: the next agent has what the store says, and as many blocks as it needs', async () => {
  // The second block.
  await mended('give back')
  const { claims, gives } = await alikeTwice(async () => ({
    claims: await places('claim'),
    gives: await places('give back'),
  }))
  assert.ok(Math.min(claims.length, gives.length) >= 5, `${claims} ${gives}`)
  for (let at = 0; at < Math.max(claims.length, gives.length); at++) {
    await killedAt(claims[at % claims.length], 'claim')
    await killedAt(gives[at % gives.length], 'give back')
  }
  host.connection.close()
  await etcd.end()
})

test.run()
