/** `patchbay agent` with a real etcd: it claims ahead, gives back, and answers other hosts. */
// etcd: 3.5

import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { beginAgent, endsAtOnce, measured, metrics, page, startAgent } from '../harness/agent.ts'
import { agentHost, dataDir, keys, host as name, plan } from '../harness/agent-host.ts'
import { startEtcd } from '../harness/etcd.ts'
import { privateHost } from '../harness/host.ts'
import { seriesIn } from '../harness/prometheus.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const etcd = await startEtcd()
const host = await agentHost(etcd)
await host.createPool('blue')
host.configure('net')
const first = await host.claim('net')
const agent = await startAgent('--empty-for', '1s')
const address = (text: string) => parseAddress(text) as Address

test('there is one agent: a second one ends with 1 and names the process', async () => {
  const second = beginAgent()
  assert.is(await second.ended(), 1)
  assert.match(second.log(), new RegExp(`process ${agent.pid} \\(.*\\) holds its lock`))
})

test('three quarters of the only block are taken: one more is claimed, and no third one', async () => {
  assert.equal(host.held('net'), [first])
  const taken = host.take('net', first, 48)
  await until('a spare block is claimed', () => host.held('net').length === 2)
  const [, spare = ''] = host.held('net')
  assert.is(host.value(keys.block('blue', address(spare.split('/')[0] ?? '')))?.host, name)
  await until(
    'the metrics say so',
    async () => (await measured('patchbay_pool_blocks', { state: 'held' })) === 2,
  )
  assert.is(await measured('patchbay_pool_addresses_used', { family: 'ipv4' }), 48)
  assert.is(await measured('patchbay_pool_claims_total', { network: 'net' }), 1)
  const more = host.take('net', spare, 1)
  await until('it counts', async () => (await measured('patchbay_pool_addresses_used')) === 49)
  assert.is(host.held('net').length, 2)
  host.free('net', [...more, ...taken])
})

test('of two empty blocks one goes back after its time, and one stays', async () => {
  await until('one goes back', () => host.held('net').length === 1)
  const [kept = ''] = host.held('net')
  await until(
    'the metrics say so',
    async () => (await measured('patchbay_pool_returns_total', { network: 'net' })) === 1,
  )
  const inStore = etcd.etcdctl('get', '--prefix', '--keys-only', keys.blocks('blue')).trim().split(/\s+/)
  assert.equal(inStore, [keys.block('blue', address(kept.split('/')[0] ?? ''))])
})

const wish = (text: string, more: object = {}) => ({
  ...{
    address: text,
    host: 'two',
    id: '00000000-0000-4000-8000-00000000000b',
    network: 'other',
    owner: name,
  },
  ...{ state: 'asked', since: 'now', ...more },
})

test('an address that another host asks for is granted and reserved; when its key goes it is free again', async () => {
  const [block = ''] = host.held('net')
  const [text = ''] = host.take('net', block, 1)
  host.free('net', [text])
  const key = keys.single('blue', address(text))
  host.put(key, wish(text))
  await until('it is granted', () => host.value(key)?.state === 'granted')
  assert.match(readFileSync(`${dataDir}/net/${text}`, 'utf8'), /^pool:two/)
  await until('it is counted', async () => (await measured('patchbay_pool_grants_total')) === 1)
  etcd.etcdctl('del', key)
  await until('it is free', () => !existsSync(`${dataDir}/net/${text}`))
})

test('an address that a container has is refused, with the reason', async () => {
  const [block = ''] = host.held('net')
  const [text = ''] = host.take('net', block, 1)
  const key = keys.single('blue', address(text))
  host.put(key, wish(text))
  await until('it is refused', () => host.value(key)?.state === 'refused')
  assert.match(String(host.value(key)?.reason), /c-10\.1/)
  assert.match(readFileSync(`${dataDir}/net/${text}`, 'utf8'), /^c-/)
  etcd.etcdctl('del', key)
  host.free('net', [text])
})

test('a pool that has grown is known within seconds, one that is being deleted gets all that is empty back', async () => {
  const before = host.value(keys.pool('blue'))
  const ranges = [...plan.ranges, { subnet: '10.2.0.0/20' }]
  host.put(keys.pool('blue'), { ...before, ranges })
  await until('the file says so', () => host.holdings('net').definition.ranges.length === 3)
  host.put(keys.pool('blue'), { ...before, closing: true })
  await until('nothing is held', () => host.held('net').length === 0)
  host.put(keys.pool('blue'), { ...before })
  await until('the file says so', () => !host.holdings('net').definition.closing)
})

test('a network that is configured later is served, one whose file goes is not any more', async () => {
  host.configure('later')
  await until('two networks', async () => (await measured('patchbay_agent_networks')) === 2)
  await until('it has entered for it', () => existsSync(`${dataDir}/.patchbay-pool/later.json`))
  const block = await host.claim('later', 6)
  host.take('later', block, 50)
  await until('a spare block is claimed', () => host.held('later', 6).length === 2)
})

test('the metrics are in Prometheus’ format, and say what the agent itself needs', async () => {
  const names = new Set((await metrics()).map((one) => one.name))
  for (const one of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'patchbay_build_info'])
    assert.ok(names.has(one), one)
  assert.is(await measured('patchbay_store_up'), 1)
  assert.ok((await measured('patchbay_store_revision')) > 1)
  assert.is((await page('/healthz')).text, 'ok\n')
  assert.equal(await page('/readyz'), { status: 200, text: 'ok\n' })
  assert.is((await page('/nothing')).status, 404)
})

test('SIGTERM: it ends at once with 0, and what is held stays', async () => {
  const before = [host.holdings('net'), host.holdings('later')]
  await endsAtOnce(agent)
  assert.equal([host.holdings('net'), host.holdings('later')], before)
})

test('the metrics on a port: one that is taken ends the agent with what to do, a free one serves all pages, and no socket', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const place = `127.0.0.1:${port}`
  const refused = beginAgent('--metrics', place)
  await until('it is told', () => /--metrics none/.test(refused.log())).catch((error) => {
    refused.kill('SIGKILL')
    throw error
  })
  assert.is(await refused.ended(), 1)
  assert.match(refused.log(), new RegExp(`metrics cannot be served: .*EADDRINUSE.*${place}`))
  assert.match(refused.log(), 'name another place with --metrics, or --metrics none')
  other.close()
  const served = await startAgent('--metrics', place)
  const at = (path: string) => page(path, { host: '127.0.0.1', port })
  await until('it is ready', async () => (await at('/readyz')).status === 200)
  assert.equal(await at('/healthz'), { status: 200, text: 'ok\n' })
  const [build] = seriesIn((await at('/metrics')).text).filter(({ name }) => name === 'patchbay_build_info')
  assert.is(build?.value, 1)
  assert.not.ok(existsSync('/run/patchbay/agent.sock'))
  served.kill('SIGTERM')
  assert.is(await served.ended(), 0)
})

test.after(async () => {
  host.connection.close()
  await etcd.end()
})

test.run()
