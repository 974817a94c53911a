/** pool with a real etcd and the real patchbay-agent: blocks are claimed by ADD, at once and ahead, and ADD says what is wrong when etcd is away. */
// etcd: 3.5

import { readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Holdings } from '../../shared/store/memory.ts'
import { addressesOf } from '../harness/address.ts'
import { done, errorOf } from '../harness/attach.ts'
import { ownEtc } from '../harness/etc.ts'
import { startEtcd } from '../harness/etcd.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import { operate } from '../harness/operate.ts'
import { type Call, call, executables, type Result } from '../harness/plugin.ts'
import { fileOf, reservedBelow } from '../harness/pool.ts'
import { reboot } from '../harness/reboot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
ownEtc('/etc/patchbay')

const etcd = await startEtcd()
writeFileSync('/etc/patchbay/store.json', JSON.stringify({ ...etcd.store(), host: 'node1' }))
operate(`${executables()}/patchbay`, 'pool create blue --range 10.1.0.0/24 --block-size 28')

const dataDir = `${scratch}/networks`
const ipam = { type: 'pool', pool: 'blue', dataDir }
const request = (verb: Call['verb'], containerID: string, args = ''): Call => ({
  ...{ verb, containerID, args, netns: '/none' },
  config: { cniVersion: '1.1.0', name: 'net', type: 'pool', ipam },
})

async function add(containerID: string, args?: string): Promise<string> {
  const { status, json } = await insisting(() => call(request('ADD', containerID, args)))
  assert.is(status, 0, JSON.stringify(json))
  return addressesOf((json as unknown as Result).ips)[0] ?? ''
}

const held = () => (JSON.parse(readFileSync(fileOf('net', dataDir), 'utf8')) as Holdings).blocks
const blocks = () => held().length

/** An address of a block that is no host's. */
function freeAddress(): string {
  const taken = held().map(({ block }) => block)
  const firsts = Array.from({ length: 14 }, (_, at) => (at + 1) * 16)
  return `10.1.0.${(firsts.find((first) => !taken.includes(`10.1.0.${first}/28`)) ?? 0) + 5}`
}

test('the first ADD claims a block, three quarters of it a spare one, and 40 ADDs at once get 40 addresses', async () => {
  const given = [await add('c0')]
  assert.is(blocks(), 1)
  for (let at = 1; at < 13; at++) given.push(await add(`c${at}`))
  await until('the spare block is there', () => blocks() === 2)
  given.push(...(await Promise.all(Array.from({ length: 40 }, (_, at) => add(`p${at}`)))))
  assert.is(new Set(given).size, 53)
  assert.is(reservedBelow(dataDir, 'net').length, 53)
})

test('a requested address of a free block has that block claimed; one that is none of the pool is refused', async () => {
  const wish = freeAddress()
  assert.is(await add('w1', `IP=${wish}`), wish)
  const refused = await insisting(() => call(request('ADD', 'w2', 'IP=10.2.0.5')))
  assert.is(errorOf(refused).code, 7)
})

/** The values of the store's keys below a prefix. */
const inStore = (prefix: string) =>
  (etcd.etcdctl('get', '--prefix', '--print-value-only', `/patchbay/${prefix}`).match(/^.+$/gm) ?? []).map(
    (line): { id: string; block: string; counter: number } => JSON.parse(line),
  )

const textsOf = (prefix: string) => inStore(prefix).map(({ id, block }) => `${id} ${block}`)

test('after a reboot it enters as the same host with the same blocks, and addresses of earlier containers are free', async () => {
  const [[known], claimed, old] = [inStore('hosts/'), textsOf('blocks/'), reservedBelow(dataDir, 'net')]
  reboot(() => {})
  assert.equal([await add('b0')], reservedBelow(dataDir, 'net'))
  assert.is(await add('b1', `IP=${old.at(-1)}`), old.at(-1))
  await add('b2', `IP=${freeAddress()}`)
  const [now, ...others] = inStore('hosts/')
  assert.equal([now?.id, others], [known?.id, []])
  assert.is(now?.counter, (known?.counter ?? 0) + 1)
  assert.equal(
    textsOf('blocks/').filter((text) => claimed.includes(text)),
    claimed,
  )
  assert.is(inStore('blocks/').length, claimed.length + 1)
  assert.ok(held().every(({ state }) => state === 'held'))
})

test('etcd away: ADD works while blocks last, then it is error 11 that says so; DEL works', async () => {
  await etcd.end()
  let refused = await call(request('ADD', 'a0'))
  for (let at = 1; refused.status === 0 && at < 100; at++) refused = await call(request('ADD', `a${at}`))
  const { code, said } = errorOf(refused)
  assert.is(code, 11)
  assert.match(said, /^pool blue: no address is free on this host, and no block could be claimed: .*etcd/)
  assert.not.match(said, 'how full', 'that is not the cause')
  assert.equal(await call(request('DEL', 'b0')), done)
  await add('last')
})

test.run()
