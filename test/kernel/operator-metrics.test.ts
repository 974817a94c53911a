/** `patchbay metrics` on the built executables: what it counts, its text as Prometheus reads it, and its file for node_exporter. */
// needs: nft ip

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { succeeds } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { answerOf, operate, run } from '../harness/operate.ts'
import { call, type Engine, executables } from '../harness/plugin.ts'
import { type Series, seriesIn } from '../harness/prometheus.ts'
import { test } from '../harness/test.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
const lists = '/etc/cni/net.d'
const addresses = '/var/lib/cni/networks'
const cache = '/var/lib/cni/results'
ownEtc(lists, '/etc/containers/networks')

const patchbay = (engine?: Engine) => `${executables(engine)}/patchbay`
const metrics = (words = '', engine?: Engine) =>
  seriesIn(operate(patchbay(engine), `metrics ${words}`.trim()))
const list = (net: Network) => writeFileSync(`${lists}/${net.name}.conflist`, JSON.stringify(net))

/** A network of one range with 13 addresses to give: 14 hosts, of which one is the gateway. */
function smallNetwork(subnet: string): Network {
  const ipam = { type: 'host-local', subnet }
  return { ...bridgeNetwork({ ipMasq: true, ipam }) }
}

/** The value of the one series with a name and these labels. */
function numberOf(
  all: readonly Series[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const fitting = all.filter(
    (one) =>
      one.name === `patchbay_${name}` &&
      Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  )
  assert.ok(fitting.length <= 1, `${name} ${JSON.stringify(fitting)}`)
  return fitting[0]?.value
}

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: addresses, attachments, leaks and firewall elements follow the containers`, async () => {
    const net = smallNetwork(engine === 'node' ? '10.60.0.0/28' : '10.61.0.0/28')
    list(net)
    const [network, range] = [net.name, engine === 'node' ? '10.60.0.1-10.60.0.14' : '10.61.0.1-10.61.0.14']
    const look = (name: string, labels = {}) => numberOf(metrics('', engine), name, labels)
    assert.is(look('range_addresses', { network, range }), 13)
    assert.is(look('range_addresses_free', { network, range }), 13)
    const live = await attach(net)
    const ended = await attach(net)
    assert.is(look('firewall_elements', { family: 'ip', feature: 'masquerade' }), 4)
    await vanish(ended)
    const seen = metrics('', engine)
    const value = (name: string, labels: Record<string, string> = { network }) => numberOf(seen, name, labels)
    assert.is(value('range_addresses_used', { network, range }), 2)
    assert.is(value('range_addresses_free', { network, range }), 11)
    assert.equal([value('network_addresses_held'), value('network_addresses_leaked')], [2, 1])
    assert.equal(
      [value('attachments', { network, life: 'lives' }), value('attachments', { network, life: 'ended' })],
      [1, 1],
    )
    assert.is(value('network_addresses_duplicate'), 0)
    assert.ok(Number(value('network_oldest_address_seconds')) < 60)
    assert.is(value('metrics_left_out', {}), 0)
    operate(patchbay(engine), 'gc')
    const after = metrics('', engine)
    assert.is(numberOf(after, 'network_addresses_leaked', { network }), 0)
    assert.is(numberOf(after, 'gc_last_run_attachments', { outcome: 'deleted' }), 1)
    assert.ok(Math.abs(Number(numberOf(after, 'gc_last_run_timestamp_seconds')) - Date.now() / 1000) < 60)
    await live.del()
    rmSync(`${lists}/${net.name}.conflist`)
  })

test('a duplicate address, a damaged record and errors by code are counted', async () => {
  const net = smallNetwork('10.62.0.0/28')
  list(net)
  const live = await attach(net)
  writeFileSync(`${addresses}/${net.name}/${live.addresses[0]}`, 'another\r\neth0')
  mkdirSync('/run/patchbay/wires', { recursive: true })
  writeFileSync('/run/patchbay/wires/x.json.damaged', '')
  const config = { ...single(net), log: 'info' }
  for (const containerID of ['one', 'two'])
    await call({ verb: 'ADD', config, containerID, netns: '/nowhere' })
  await call({ verb: 'DEL', config, containerID: 'one' })
  const seen = metrics()
  assert.is(numberOf(seen, 'network_addresses_duplicate', { network: net.name }), 1)
  assert.is(numberOf(seen, 'records_damaged'), 1)
  assert.is(numberOf(seen, 'calls_total', { plugin: 'bridge', verb: 'DEL', code: '0' }), 1)
  const failed = seen.filter(({ name, labels }) => name === 'patchbay_calls_total' && labels.code !== '0')
  assert.equal(
    failed.map(({ labels, value }) => [labels.verb, value]),
    [['ADD', 2]],
  )
  rmSync('/run/patchbay/wires/x.json.damaged')
  await live.del()
  rmSync(`${addresses}/${net.name}`, { recursive: true })
  rmSync(`${lists}/${net.name}.conflist`)
})

test('each set of ranges has a series: of IPv6, with excluded addresses, of ipam-list', () => {
  const ipam = {
    type: 'ipam-list',
    list: [
      {
        type: 'host-local',
        ranges: [
          [
            {
              subnet: '10.63.0.0/24',
              rangeStart: '10.63.0.10',
              rangeEnd: '10.63.0.19',
              exclude: ['10.63.0.15'],
            },
          ],
        ],
      },
      { type: 'host-local', ranges: [[{ subnet: 'fd00:63::/64' }]] },
    ],
  }
  list(bridgeNetwork({ ipam }))
  const totals = metrics().filter(({ name }) => name === 'patchbay_range_addresses')
  assert.equal(
    totals.map(({ labels, value }) => [labels.range, value]),
    [
      ['10.63.0.10-10.63.0.14,10.63.0.16-10.63.0.19', 9],
      ['fd00:63::1-fd00:63::ffff:ffff:ffff:ffff', 2 ** 64],
    ],
  )
  for (const name of readdirSync(lists)) rmSync(`${lists}/${name}`)
})

test('--textfile replaces the file atomically, readable for node_exporter, and prints nothing', () => {
  const file = `${scratch}/node/patchbay.prom`
  mkdirSync(`${scratch}/node`)
  writeFileSync(file, 'old', { mode: 0o600 })
  const { ino } = statSync(file)
  assert.is(operate(patchbay(), `metrics --textfile ${file}`), '')
  assert.is(statSync(file).mode & 0o777, 0o644)
  assert.is.not(statSync(file).ino, ino)
  assert.equal(readdirSync(`${scratch}/node`), ['patchbay.prom'])
  assert.is(numberOf(seriesIn(readFileSync(file, 'utf8')), 'metrics_left_out'), 0)
  if (succeeds('sh', '-c', 'command -v promtool'))
    assert.ok(succeeds('sh', '-c', `promtool check metrics < ${file}`))
  operate(patchbay(), `metrics --textfile ${scratch}/node/wrong.txt`, 2)
  operate(patchbay(), `metrics --textfile ${scratch}/nowhere/x.prom`, 1)
})

test('names that are hostile make neither series nor damage, and a file that cannot be read is counted', async () => {
  writeFileSync(
    `${lists}/1.conflist`,
    JSON.stringify({
      name: 'a"\n# TYPE\u001b[2J',
      plugins: [{ type: 'bridge', ipam: { type: 'host-local', subnet: '10.64.0.0/24' } }],
    }),
  )
  mkdirSync(`${addresses}/b"} 1\n`, { recursive: true })
  writeFileSync(`${addresses}/b"} 1\n/10.64.0.2`, 'c\r\neth0')
  mkdirSync('/run/patchbay/calls', { recursive: true })
  writeFileSync('/run/patchbay/calls/x"} 1.ADD.0', '.')
  const { stdout, stderr, status } = run(patchbay(), 'metrics')
  assert.is(status, 0)
  const seen = seriesIn(stdout)
  assert.is(numberOf(seen, 'metrics_left_out'), 1)
  assert.match(stderr, `${lists}/1.conflist: left out`)
  assert.not.match(stdout, '10.64.0')
  for (const path of [`${lists}/1.conflist`, `${addresses}/b"} 1\n`, '/run/patchbay/calls'])
    rmSync(path, { recursive: true })
})

test('1,000 attachments take less than a second of a processor, and make no more series than one', async () => {
  const net = { ...bridgeNetwork({ ipam: { type: 'host-local', subnet: '10.65.0.0/16' } }) }
  list(net)
  const fill = (count: number) => {
    mkdirSync(`${addresses}/${net.name}`, { recursive: true })
    mkdirSync(cache, { recursive: true })
    for (let number = 0; number < count; number++) attached(net, number)
  }
  fill(1)
  const one = metrics().map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
  fill(1000)
  const before = childrensTime()
  const many = metrics()
  const seconds = childrensTime() - before
  assert.equal(
    many.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`),
    one,
  )
  assert.is(numberOf(many, 'network_addresses_held', { network: net.name }), 1000)
  assert.ok(Number(numberOf(many, 'metrics_duration_seconds')) > 0 && seconds < 1, String(seconds))
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  for (const { name } of many) assert.match(page, name.replace(/_(used|kept|free)$/, ''))
  const answer = await answerOf<{ name: string }[]>(patchbay(), 'metrics')
  assert.ok(answer.some(({ name }) => name === 'patchbay_build_info'))
})

/** Seconds of a processor that the programs have taken which this one has run (proc_pid_stat(5), cutime and cstime). */
function childrensTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

/** A reservation and a cache's entry as a runtime leaves them. */
function attached(net: Network, number: number): void {
  const containerId = String(number).padStart(64, 'c')
  const address = `10.65.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`
  writeFileSync(`${addresses}/${net.name}/${address}`, `${containerId}\r\neth0`)
  const result = { cniVersion: '1.0.0', ips: [{ address: `${address}/16` }] }
  const config = Buffer.from(JSON.stringify(net)).toString('base64')
  const entry = { kind: 'cniCacheV1', containerId, config, ifName: 'eth0', networkName: net.name, result }
  writeFileSync(`${cache}/${net.name}-${containerId}-eth0`, JSON.stringify(entry))
}

test.run()
