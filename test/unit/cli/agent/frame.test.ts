/** The agent's frame: which networks use a store, pauses after failures, what is said once, where metrics are served. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { placeOf } from '../../../../cli/agent/http.ts'
import { merged } from '../../../../cli/agent/metrics.ts'
import { type Common, networksOf, readNetworks } from '../../../../cli/agent/networks.ts'
import { statesOf, wrongOf } from '../../../../cli/agent/states.ts'
import { pauseAfter, worker } from '../../../../cli/agent/worker.ts'
import { gauge } from '../../../../cli/metrics/metric.ts'
import { CniError, Code } from '../../../../shared/error/error.ts'
import { notifierOf, watchdogEvery } from '../../../../shared/kernel/notify.ts'
import { StoreAway } from '../../../../shared/store/protocol.ts'
import { test } from '../../../harness/test.ts'
import { until } from '../../../harness/until.ts'

const settings = { endpoints: ['https://192.0.2.1:2379'], prefix: '/patchbay/', host: 'one' }
const own = { endpoints: ['http://[2001:db8::1]:2379'] }

/** The networks of some plugins' configurations, and what was left out. */
function found(raws: object[], common: Common = { store: settings }) {
  const left: string[] = []
  const configured = raws.map((raw, at) => {
    const all: Record<string, unknown> = { type: 'bridge', ...raw }
    return { file: `f${at}`, network: `n${at}`, type: String(all.type), raw: all }
  })
  const networks = networksOf(configured, common, (file, why) => void left.push(`${file} ${why}`))
  const told = networks.map(({ network, store: { endpoints } }) =>
    [network.name, network.pool?.pool, network.peers, endpoints[0]].join(' '),
  )
  return { told, left }
}

test('networks with a pool use the store, also within an ipam-list, and by a name that has pool within', () => {
  const list = { type: 'ipam-list', list: [{ type: 'static' }, { type: 'pool', pool: 'blue' }] }
  const others = [
    {},
    { ipam: { type: 'host-local' } },
    { ipam: { type: 'ipam-list', list: 'pool' } },
    { ipam: 5 },
  ]
  const { told, left } = found([{ ipam: { type: 'pool', pool: 'red' } }, { ipam: list }, ...others])
  assert.equal(told, [`n0 red false ${settings.endpoints[0]}`, `n1 blue false ${settings.endpoints[0]}`])
  assert.equal(left, [])
})

test('a vxlan with peers in the store counts, and is there twice when its addresses are in another store', () => {
  const pool = { type: 'pool', pool: 'red' }
  const { told } = found([
    { type: 'vxlan', peers: 'store' },
    { type: 'vxlan', peers: ['192.0.2.7'], ipam: pool },
    { type: 'vxlan', peers: 'store', ipam: pool },
    { type: 'vxlan', peers: 'store', ipam: { ...pool, store: own } },
  ])
  const at = settings.endpoints[0]
  assert.equal(told, [
    `n0  true ${at}`,
    `n1 red false ${at}`,
    `n2 red true ${at}`,
    `n3 red false ${own.endpoints[0]}`,
    `n3  true ${at}`,
  ])
})

test('settings that are wrong or missing are told, and the other networks go on', () => {
  const wrong = [
    { endpoints: 'x' },
    { endpoints: ['ftp://x'] },
    7,
    { ...own, prefix: 'no' },
    { endpoints: [] },
  ]
  const pools = [...wrong, own].map((store) => ({ ipam: { type: 'pool', pool: 'p', store } }))
  const { told, left } = found([...pools, { ipam: { type: 'pool', pool: 'p' } }], {
    lack: 'there is no file',
  })
  assert.is(told.length, 1)
  assert.is(left.length, 6, left.join('\n'))
  assert.match(left[0] ?? '', /f0 store: endpoints is "x", must be/)
  assert.is(left[5], 'f6 it has no section store, and there is no file')
  assert.match(left[4] ?? '', /f4 store: endpoints is empty \(name each member/)
})

test('the file of settings is named when it is not there; one that is wrong is told once, not for each network', () => {
  const directory = mkdtempSync(join(tmpdir(), 'agent-frame-'))
  const [conf, file] = ['net.conf', 'other.json'].map((name) => join(directory, name)) as [string, string]
  writeFileSync(
    conf,
    '{"cniVersion": "1.1.0", "name": "n", "type": "bridge", "ipam": {"type": "pool", "pool": "p"}}',
  )
  const left: string[] = []
  const read = () => readNetworks([conf], file, (...told) => void left.push(told.join(' ')))
  assert.equal(read(), [])
  assert.equal(left.splice(0), [`${conf} it has no section store, and there is no ${file}`])
  writeFileSync(file, '{"endpoints": []}')
  assert.equal(read(), [])
  assert.is(left.length, 1, left.join('\n'))
  assert.match(left[0] ?? '', `${file} ${file}: endpoints is empty`)
  rmSync(directory, { recursive: true })
})

test('a pool or directory that no plugin takes is told, and no file or key is made of it', () => {
  const { told, left } = found([
    { ipam: { type: 'pool', pool: '../epoch' } },
    { ipam: { type: 'pool' } },
    { ipam: { type: 'pool', pool: 'red', dataDir: 'here' } },
    { ipam: { type: 'pool', pool: 'red', dataDir: '/data' } },
  ])
  assert.equal(told, [`n3 red false ${settings.endpoints[0]}`])
  assert.equal(
    left.map((one) => one.slice(0, 12)),
    ['f0 ipam.pool', 'f1 ipam.pool', 'f2 ipam.data'],
  )
})

test('pauses are doubled from one second to a minute, and half of each is random', () => {
  const between = (failures: number) => [pauseAfter(failures, 0), pauseAfter(failures, 1)]
  assert.equal([1, 2, 3, 7, 100, 1e6].map(between), [
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [30_000, 60_000],
    [30_000, 60_000],
    [30_000, 60_000],
  ])
})

test('work that is asked for while it is done is done once more, never twice at once', async () => {
  let [runs, inside, most] = [0, 0, 0]
  const one = worker(
    async () => {
      most = Math.max(most, ++inside)
      runs++
      await new Promise((resolve) => setTimeout(resolve, 20))
      inside--
    },
    () => assert.unreachable(),
  )
  for (let at = 0; at < 5; at++) one.soon()
  await until('it runs', () => runs === 1)
  for (let at = 0; at < 5; at++) one.soon()
  await until('it ran again', () => runs === 2 && inside === 0)
  await one.stop()
  one.soon()
  one.now()
  await new Promise((resolve) => setTimeout(resolve, 40))
  assert.equal([runs, most], [2, 1])
})

test('a failure is followed by a pause, which only `now` ends', async () => {
  let [runs, failedAt] = [0, 0]
  const failures: unknown[] = []
  const one = worker(
    async () => {
      runs++
      throw new Error(`run ${runs}`)
    },
    (error) => {
      failures.push(error)
      failedAt = performance.now()
    },
  )
  one.soon()
  await until('it failed', () => failures.length === 1)
  for (let at = 0; at < 5; at++) one.soon()
  await new Promise((resolve) => setTimeout(resolve, 100))
  // The pause takes half a second at least.
  assert.ok(runs === 1 || performance.now() - failedAt >= 500)
  one.now()
  await until('it failed again', () => failures.length === 2)
  await one.stop()
})

test('a state is said once, again when it differs, and once when it ends', () => {
  const lines: string[] = []
  const states = statesOf({
    warn: (text) => void lines.push(text),
    info: (text) => void lines.push(`(${text})`),
  })
  for (const wrong of ['no answer', 'no answer', 'refused', undefined, undefined]) states.set('store', wrong)
  assert.equal(lines, ['store: no answer', 'store: refused', '(store: well again)'])
  lines.length = 0
  states.only(
    'key ',
    new Map([
      ['key a', 'bad'],
      ['key b', 'bad'],
    ]),
  )
  states.only('key ', new Map([['key b', 'bad']]))
  assert.equal(lines, ['key a: bad', 'key b: bad', '(key a: well again)'])
  assert.equal(states.all(), ['key b: bad'])
})

test('a failure is told with what to do, and a store that is away as such', () => {
  const error = new CniError(Code.TryAgainLater, {
    msg: 'another host has this name',
    hint: 'give it another',
  })
  assert.is(wrongOf(error), 'another host has this name (give it another)')
  assert.is(wrongOf(new StoreAway('no answer')), 'the store does not answer: no answer')
})

test('a store with a million wrong values fills neither the log nor the memory', () => {
  let lines = 0
  const states = statesOf({ warn: () => void lines++, info() {} })
  for (let at = 0; at < 5000; at++) states.set(`key ${at}`, 'bad')
  assert.equal([lines, states.all().length], [1000, 1000])
})

test('metrics are served at a socket or an address, and nothing else is taken for one', () => {
  assert.equal(placeOf('unix:/run/a.sock'), { path: '/run/a.sock' })
  assert.equal(placeOf('127.0.0.1:9100'), { host: '127.0.0.1', port: 9100 })
  assert.equal(placeOf('[::1]:9100'), { host: '::1', port: 9100 })
  for (const text of [
    '',
    '9100',
    'localhost:1',
    ':1',
    '::1:5',
    '[127.0.0.1]:1',
    '127.0.0.1:70000',
    'unix:run',
    `unix:/${'x'.repeat(107)}`,
  ])
    assert.throws(() => placeOf(text), /--metrics/, text)
})

test('metrics of several stores are one of each name, and no series is there twice', () => {
  const of = (value: number, ...networks: string[]) =>
    gauge(
      'x',
      'X.',
      networks.map((network) => ({ labels: { network }, value })),
    )
  assert.equal(merged([of(1, 'a', 'b'), gauge('y', 'Y.', []), of(2, 'b', 'c')])[0]?.samples, [
    { labels: { network: 'a' }, value: 1 },
    { labels: { network: 'b' }, value: 1 },
    { labels: { network: 'c' }, value: 2 },
  ])
})

test('the watchdog is told twice in its time, and only when it is this process’', () => {
  assert.is(watchdogEvery({ WATCHDOG_USEC: '3000000' }, 5), 1500)
  assert.is(watchdogEvery({ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '5' }, 5), 1500)
  for (const env of [
    {},
    { WATCHDOG_USEC: '0' },
    { WATCHDOG_USEC: 'x' },
    { WATCHDOG_USEC: '1000', WATCHDOG_PID: '6' },
  ])
    assert.is(watchdogEvery(env, 5), undefined)
})

test('a socket of systemd that is not there, or is none, is no failure', () => {
  for (const socket of [undefined, '', 'x', '/nonexistent/socket', '@patchbay-none', `/${'x'.repeat(200)}`])
    notifierOf(socket)('READY=1')
})

test.run()
