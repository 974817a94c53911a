/** `patchbay agent` when etcd ends, forgets, is restored, or has values that are none. */
// etcd: 3.5

import * as assert from 'uvu/assert'
import { handsOf } from '../../cli/pool/hands.ts'
import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { recover } from '../../shared/store/claims/recover.ts'
import { endsAtOnce, measured, page, startAgent } from '../harness/agent.ts'
import { agentHost, dataDir, keys, host as name } from '../harness/agent-host.ts'
import { startEtcd } from '../harness/etcd.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const etcd = await startEtcd()
const host = await agentHost(etcd)
const [member] = etcd.members
await host.createPool('blue')
host.configure('net')
const first = await host.claim('net')
const agent = await startAgent('--empty-for', '1s')
let taken: string[] = []

const keyOf = (block: string) => keys.block('blue', parseAddress(block.split('/')[0] ?? '') as Address)
const inStore = () =>
  etcd
    .etcdctl('get', '--prefix', '--keys-only', keys.blocks('blue'))
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .sort()
const hasAll = () => JSON.stringify(inStore()) === JSON.stringify(host.held('net').map(keyOf).sort())

/** The number of addresses that containers have in the first block. */
function use(count: number): void {
  const before = taken
  taken = host.take('net', first, count)
  // The block is never empty meanwhile: it would go back.
  host.free(
    'net',
    before.filter((address) => !taken.includes(address)),
  )
}

/** What another host asks for. */
function ask(text: string): () => unknown {
  const key = keys.single('blue', parseAddress(text) as Address)
  const id = '00000000-0000-4000-8000-00000000000b'
  host.put(key, { address: text, host: 'two', id, network: 'n', owner: name, state: 'asked', since: 'now' })
  return () => host.value(key)?.state
}

test('etcd ends, begins again and is compacted while the agent sleeps: it reads all anew, and misses nothing', async () => {
  use(1)
  const [early = '', late = ''] = host.take('net', first, 3).slice(1)
  host.free('net', [early, late])
  const earlier = ask(early)
  await until('it watches', () => earlier() === 'granted')
  agent.kill('SIGSTOP')
  await member?.kill()
  member?.start()
  await member?.ready()
  const later = ask(late)
  for (let at = 0; at < 10; at++) host.put('/patchbay/other', `${at}`)
  etcd.compact()
  agent.kill('SIGCONT')
  await until('the wish is granted', () => later() === 'granted')
  await until('it counts', async () => (await measured('patchbay_store_watch_restarts_total')) > 0)
})

test('while etcd is away the agent says so once, is not ready, and goes on when it is back', async () => {
  await member?.kill()
  await until('it is not ready', async () => (await page('/readyz')).status === 503)
  assert.is((await page('/healthz')).status, 200)
  use(48)
  const lines = () => agent.log().match(/does not answer/g)?.length ?? 0
  const before = lines()
  await until('it has tried', async () => (await measured('patchbay_store_request_failures_total')) > 1)
  assert.is(lines(), before)
  member?.start()
  await until('a spare block is claimed', () => host.held('net').length === 2)
  await until('it is ready', async () => (await page('/readyz')).status === 200)
})

test('etcd is restored from a backup without the last block: the block is claimed again at once, none other until the operator agrees', async () => {
  const backup = `${scratch}/backup`
  use(60)
  etcd.snapshot(backup)
  const [, second = ''] = host.held('net')
  const more = host.take('net', second, 60)
  await until('a third block is claimed', () => host.held('net').length === 3)
  const before = host.value(keys.epoch)
  await etcd.restore(backup)
  await until('the epoch is closed', () => host.value(keys.epoch)?.state === 'closed')
  await until('it has confirmed', () => host.value(keys.host(name))?.epoch === host.value(keys.epoch)?.id)
  assert.is.not(host.value(keys.epoch)?.id, before?.id)
  assert.ok(hasAll(), inStore().join())
  const [, , third = ''] = host.held('net')
  more.push(...host.take('net', third, 60))
  await until('it is told', () => /no block is claimed until all hosts have confirmed/.test(agent.log()))
  assert.is(host.held('net').length, 3)
  const reach = { connection: host.connection, keys, host: name }
  await handsOf(reach, () => [dataDir]).free((given) => recover(given, true))
  await until('a fourth block is claimed', () => host.held('net').length === 4)
  host.free('net', more)
  await until('two go back', () => host.held('net').length === 2)
})

const garbage = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '{"id":5}',
  '{"ranges":[{"subnet":"x"}]}',
  `{"a":"${'b'.repeat(50_000)}"}`,
  '\u001b[2J',
]

test('values that are none, in every key: it says so, lives, and works when they are right again', async () => {
  const own = [keys.epoch, keys.host(name), keys.pool('blue'), ...host.held('net').map(keyOf)]
  const strange = [
    keys.single('blue', parseAddress('10.1.0.9') as Address),
    `${keys.singles('blue')}4/zz`,
    `${keys.blocks('blue')}x`,
  ]
  // A value that is set back behind a write of its own would be a backup's.
  agent.kill('SIGSTOP')
  const before = own.map((key) => [key, host.value(key) ?? {}] as const)
  for (const value of garbage) for (const key of [...own, ...strange]) host.put(key, value)
  agent.kill('SIGCONT')
  agent.kill('SIGHUP')
  await until('it says so', () => /has a value that is none of ours/.test(agent.log()))
  assert.is((await page('/healthz')).status, 200)
  assert.not.match(agent.log(), new RegExp(`b{5000}|${String.fromCharCode(27)}`))
  for (const [key, value] of before) host.put(key, value)
  // A block whose key was another program's is disputed until the next look.
  await until('its blocks are held again', () => host.held('net').length === 2)
  use(60)
  const more = host.take('net', host.held('net').find((block) => block !== first) ?? '', 60)
  await until('it claims', () => host.held('net').length === 3)
  host.free('net', more)
  await until('it gives back', () => host.held('net').length === 2)
  assert.not.match(agent.log(), /bug of the plugin/)
})

test('it ends by SIGTERM also while etcd is away', async () => {
  await member?.kill()
  await endsAtOnce(agent)
  host.connection.close()
  await etcd.end()
})

test.run()
