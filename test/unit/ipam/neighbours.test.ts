import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Result } from '../../../shared/cni/result.ts'
import { indexHome, indexRoot, isSealed } from '../../../shared/ipam/host-local/index.ts'
import { wireOf } from '../../../shared/ipam/host-local/neighbours.ts'
import { hostLocal } from '../../../shared/ipam/host-local/plugin.ts'
import { fails, makeDirectory, removeDirectories, requestOf } from './request.ts'

let dataDir: string
test.before.each(() => {
  dataDir = makeDirectory()
})
test.after.each(removeDirectories)

const subnet = '10.1.2.0/24'
const onBridge = (bridge: string) => ({ type: 'bridge', bridge })

function request(network: string, keys: object, ipam: object = { subnet }) {
  const raw = { ...keys, ipam: { type: 'host-local', dataDir, ...ipam } }
  return requestOf(hostLocal, raw, { network })
}
const add = (...network: Parameters<typeof request>) => hostLocal.add(request(...network)) as Result
const status = (...network: Parameters<typeof request>) => hostLocal.status?.(request(...network))

test('STATUS says 51 while another network gives the same addresses on the same wire, and names both ranges', async () => {
  add('one', onBridge('br0'))
  status('one', onBridge('br0'))
  const error = await fails(
    () => status('two', onBridge('br0'), { ranges: [[{ subnet: '10.1.2.128/25' }]] }),
    51,
    `range 10.1.2.129-10.1.2.254 clashes with 10.1.2.1-10.1.2.254 of another network on the same wire: ${dataDir}/one`,
  )
  assert.match(error.details, `if that network is no more: rm -r ${dataDir}/one`)
  add('two', onBridge('br0'))
  await fails(() => status('one', onBridge('br0')), 51, /clashes with 10.1.2.1-10.1.2.254 .*\/two$/)
  hostLocal.del(request('two', onBridge('br0')))
  status('one', onBridge('br0'))
})

test('ranges of either family count, wherever in the sets they are', async () => {
  add(
    'one',
    { type: 'ptp' },
    { ranges: [[{ subnet }], [{ subnet: 'fd00::/112' }, { subnet: 'fd01::/112' }]] },
  )
  const other = { ranges: [[{ subnet: '10.9.9.0/24' }], [{ subnet: 'fd01::/64', rangeStart: 'fd01::fff0' }]] }
  await fails(
    () => status('two', { type: 'ptp' }, other),
    51,
    /^range fd01::fff0-.* clashes with fd01::1-fd01::ffff/,
  )
})

test('the same ranges on other wires, and other ranges on the same wire, are as they should be', () => {
  add('one', onBridge('br0'))
  status('two', onBridge('br1'))
  status('two', { ...onBridge('br0'), vlan: 7 })
  status('two', { type: 'macvlan', master: 'br0' })
  status('two', onBridge('br0'), { subnet: '10.1.3.0/24' })
})

test('a network of an earlier boot, without containers, or that cannot be read is none', () => {
  add('one', onBridge('br0'))
  const file = `${indexHome(`${dataDir}/one`)}/wire`
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/^.*/, '12345678-1234-4321-8765-123456789abc'))
  status('two', onBridge('br0'))
  writeFileSync(file, text.replace(/10\.1\.2\.1-.*/, 'rubbish'))
  status('two', onBridge('br0'))
  writeFileSync(file, text)
  writeFileSync(`${dataDir}/.patchbay/file`, '')
  renameSync(`${dataDir}/one`, `${dataDir}/gone`)
  status('two', onBridge('br0'))
})

test('what is said of the wire leaves the index sealed, and is lost without harm', () => {
  const directory = `${dataDir}/one`
  add('one', onBridge('br0'))
  assert.ok(isSealed(directory, indexRoot(directory)))
  assert.equal(readdirSync(directory).sort(), ['10.1.2.2', 'last_reserved_ip.0', 'lock'])
  rmSync(`${dataDir}/.patchbay`, { recursive: true })
  writeFileSync(`${dataDir}/.patchbay`, 'in the way')
  hostLocal.del(request('one', onBridge('br0')))
  add('one', onBridge('br0'))
  status('two', onBridge('br0'))
})

test('a wire is known by what tells it from others of its kind', () => {
  assert.is(wireOf({ type: 'bridge' }), wireOf({ type: 'bridge', bridge: 'cni0', mtu: 1400 }))
  assert.is.not(wireOf({ type: 'vlan', vlanId: 5 }), wireOf({ type: 'vlan', vlanId: 6 }))
  for (const unknown of [
    { type: 'host-device' },
    { type: 'constructor' },
    { type: 'macvlan', linkInContainer: true },
  ])
    assert.is(wireOf(unknown), undefined)
})

test.run()
