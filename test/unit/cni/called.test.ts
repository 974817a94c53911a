import * as assert from 'uvu/assert'
import { pluginOf } from '../../../shared/cni/called.ts'
import { nameWithin } from '../../../shared/cni/name-within.ts'
import { test } from '../../harness/test.ts'
import { call } from './fixtures/call.ts'
import { echo } from './fixtures/plugin.ts'

const names = ['bridge', 'host-local', 'macvlan', 'macvtap', 'tap', 'vlan']
const registry = Object.fromEntries(names.map((name) => [name, async () => echo({ name })]))

const called = async (file: string, config: object | string) => {
  const input = typeof config === 'string' ? config : JSON.stringify(config)
  return (await pluginOf(file, input, registry)()).name
}

test('a name is found within another, the longest', () => {
  assert.is(nameWithin('buildkit-cni-bridge', names), 'bridge')
  assert.is(nameWithin('bridge-v2', names), 'bridge')
  assert.is(nameWithin('my-macvlan', names), 'macvlan')
  assert.is(nameWithin('macvtap2', names), 'macvtap')
  assert.is(nameWithin('unheard-of', names), undefined)
})

test("pool is within a name only as a word: another project's plugin is called spiderpool", () => {
  assert.is(nameWithin('cnv-pool', ['pool', 'static']), 'pool')
  assert.is(nameWithin('pool2', ['pool', 'static']), 'pool')
  assert.is(nameWithin('spiderpool', ['pool', 'static']), undefined)
})

test('the type of the configuration decides, in any case of the key, then the name of the file', async () => {
  assert.is(await called('patchbay', { type: 'bridge' }), 'bridge')
  assert.is(await called('patchbay', { Type: 'cnv-macvlan' }), 'macvlan')
  assert.is(await called('cnv-bridge', { type: 'unheard-of' }), 'bridge')
  assert.is(await called('cnv-bridge', {}), 'bridge')
  assert.is(await called('cnv-bridge', { type: 5 }), 'bridge')
  for (const broken of ['', '{', '[]', 'null']) assert.is(await called('cnv-bridge', broken), 'bridge')
})

test('an IPAM plugin is called with the configuration of an interface plugin', async () => {
  const config = { type: 'cni-bridge', ipam: { type: 'cni-host-local' } }
  assert.is(await called('cni-host-local', config), 'host-local')
  assert.is(await called('cni-bridge', config), 'bridge')
})

test('a name that is no plugin’s is an error for each verb, after those of the environment and the input', async () => {
  const plugin = await pluginOf('patchbay', '{"type":"unheard-of"}', registry)()
  const config = { cniVersion: '1.1.0', name: 'net', type: 'unheard-of' }
  for (const [verb, code] of [
    ['ADD', 7],
    ['DEL', 7],
    ['CHECK', 7],
    ['GC', 7],
    ['STATUS', 50],
  ] as const) {
    const { json } = await call(verb, config, { plugin })
    assert.is(json.code, code)
    assert.is(
      json.msg,
      'neither type "unheard-of" nor the file\'s name "patchbay" names a plugin of Patchbay',
    )
    assert.match(String(json.details), 'bridge, host-local, macvlan')
  }
  assert.is((await call('ADD', '{', { plugin })).json.code, 6)
  assert.is((await call('ADD', config, { plugin, env: { CNI_PATH: '' } })).json.code, 4)
})

test.run()
