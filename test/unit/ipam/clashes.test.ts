import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { plugins } from '../../../plugins/registry.ts'
import type { Plugin, Registry } from '../../../shared/cni/plugin.ts'
import type { Result } from '../../../shared/cni/result.ts'
import { silent } from '../../../shared/error/log.ts'
import { currentMark, indexHome, indexRoot } from '../../../shared/ipam/host-local/index.ts'
import { hostLocal } from '../../../shared/ipam/host-local/plugin.ts'
import { test } from '../../harness/test.ts'
import { call } from '../cni/fixtures/call.ts'
import { logged, makeDirectory, removeDirectories, requestOf } from './request.ts'

let dataDir: string
test.before.each(() => {
  dataDir = makeDirectory()
})
test.after.each(removeDirectories)

const subnet = '10.1.2.0/24'
const onBridge = (bridge: string) => ({ type: 'bridge', bridge })

type Keys = { type: string } & Record<string, unknown>

const all = new Map(
  await Promise.all(Object.entries(plugins).map(async ([name, load]) => [name, await load()] as const)),
)

/** The segment that the plugin of a configuration states. */
function segmentOf(keys: Keys): string | undefined {
  const plugin = all.get(keys.type)
  return plugin?.segment?.(plugin.config.parseLeniently({ ...keys }, silent))
}

function request(network: string, keys: Keys, ipam: object = { subnet }) {
  const raw = { ...keys, ipam: { type: 'host-local', dataDir, ...ipam } }
  return requestOf(hostLocal, raw, { network, segment: segmentOf(keys) })
}
const add = (...network: Parameters<typeof request>) => hostLocal.add(request(...network)) as Result

/** What STATUS warns of. */
function warnings(...network: Parameters<typeof request>): string[] {
  hostLocal.status?.(request(...network))
  return [...logged]
}

const sound = (...network: Parameters<typeof request>) => assert.equal(warnings(...network), [])

test('STATUS warns while another network gives the same addresses on the same segment, and names both ranges', async () => {
  add('one', onBridge('br0'))
  sound('one', onBridge('br0'))
  const [warning = ''] = warnings('two', onBridge('br0'), { ranges: [[{ subnet: '10.1.2.128/25' }]] })
  assert.match(
    warning,
    `range 10.1.2.129-10.1.2.254 clashes with 10.1.2.1-10.1.2.254 of another network on the same segment: ${dataDir}/one: `,
  )
  assert.match(warning, 'if the other network is not used, remove its directory')
  add('two', onBridge('br0'))
  assert.match(warnings('one', onBridge('br0')).join(), /clashes with 10.1.2.1-10.1.2.254 .*\/two: /)
  hostLocal.del(request('two', onBridge('br0')))
  sound('one', onBridge('br0'))
})

test('ranges of both families count, at any place in the sets', async () => {
  add(
    'one',
    { type: 'ptp' },
    { ranges: [[{ subnet }], [{ subnet: 'fd00::/112' }, { subnet: 'fd01::/112' }]] },
  )
  const other = { ranges: [[{ subnet: '10.9.9.0/24' }], [{ subnet: 'fd01::/64', rangeStart: 'fd01::fff0' }]] }
  assert.match(
    warnings('two', { type: 'ptp' }, other).join(),
    /^range fd01::fff0-.* clashes with fd01::1-fd01::ffff/,
  )
})

test('the same ranges on other segments, and other ranges on the same segment, are no clash', () => {
  add('one', onBridge('br0'))
  sound('two', onBridge('br1'))
  sound('two', { ...onBridge('br0'), vlan: 7 })
  sound('two', { type: 'macvlan', master: 'br0' })
  sound('two', onBridge('br0'), { subnet: '10.1.3.0/24' })
})

test('a network of an earlier boot, without containers, or with unreadable state is ignored', () => {
  add('one', onBridge('br0'))
  const file = `${indexHome(`${dataDir}/one`)}/segment`
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/^.*/, '12345678-1234-4321-8765-123456789abc'))
  sound('two', onBridge('br0'))
  writeFileSync(file, text.replace(/10\.1\.2\.1-.*/, 'rubbish'))
  sound('two', onBridge('br0'))
  writeFileSync(file, text)
  writeFileSync(`${dataDir}/.patchbay/file`, '')
  renameSync(`${dataDir}/one`, `${dataDir}/gone`)
  sound('two', onBridge('br0'))
})

test('writing the segment keeps the index valid, and a failure to write it does no harm', () => {
  const directory = `${dataDir}/one`
  add('one', onBridge('br0'))
  assert.ok(currentMark(directory, indexRoot(directory)))
  assert.equal(readdirSync(directory).sort(), ['10.1.2.2', 'last_reserved_ip.0', 'lock'])
  rmSync(`${dataDir}/.patchbay`, { recursive: true })
  writeFileSync(`${dataDir}/.patchbay`, 'in the way')
  hostLocal.del(request('one', onBridge('br0')))
  add('one', onBridge('br0'))
  sound('two', onBridge('br0'))
})

test('a segment is identified by the keys that separate it from others of its kind', () => {
  assert.is(segmentOf({ type: 'bridge' }), segmentOf({ type: 'bridge', bridge: 'cni0', mtu: 1400 }))
  assert.is.not(segmentOf({ type: 'vlan', vlanId: 5 }), segmentOf({ type: 'vlan', vlanId: 6 }))
  for (const unknown of [{ type: 'host-device' }, { type: 'macvlan', linkInContainer: true }])
    assert.is(segmentOf(unknown), undefined)
})

for (const [type, other] of [
  ['macvtap', 'macvlan'],
  ['ipvtap', 'ipvlan'],
] as const)
  test(`${type} and ${other} on one parent are on one segment, on two parents they are not`, () => {
    assert.ok(segmentOf({ type, master: 'eth0' }))
    assert.is(segmentOf({ type, master: 'eth0' }), segmentOf({ type: other, master: 'eth0' }))
    assert.is.not(segmentOf({ type, master: 'eth0' }), segmentOf({ type: other, master: 'eth1' }))
  })

test('networks of macsec are on one segment when parent and keys are the same', () => {
  const macsec = (keys: object) => segmentOf({ type: 'macsec', master: 'eth0', keyFile: '/one', ...keys })
  assert.ok(macsec({}))
  assert.is(macsec({ sci: '0000000000000001' }), macsec({ sci: '0000000000000002' }))
  assert.is.not(macsec({}), macsec({ keyFile: '/other' }))
  assert.is.not(macsec({}), macsec({ master: 'eth1' }))
})

for (const type of ['macvtap', 'ipvtap', 'macsec'])
  test(`STATUS notices that two networks of ${type} on one parent give the same addresses`, async () => {
    add('one', { type, master: 'eth0' })
    assert.match(warnings('two', { type, master: 'eth0' }).join(), 'clashes with')
  })

test('host-local that is executed for another plugin takes the segment from that plugin', async () => {
  const ipam = { type: 'host-local', dataDir, subnet }
  const config = { ...onBridge('br0'), cniVersion: '1.1.0', name: 'two', ipam }
  const plugin = hostLocal as unknown as Plugin
  const warnedBy = async (registry: Registry) =>
    (await call('STATUS', config, { plugin, registry })).warnings.some((line) =>
      line.includes('clashes with'),
    )
  add('one', onBridge('br0'))
  assert.ok(await warnedBy(plugins))
  assert.not.ok(await warnedBy({}))
})

test.run()
