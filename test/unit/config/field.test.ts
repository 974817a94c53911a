import * as assert from 'uvu/assert'
import { plugins } from '../../../plugins/registry.ts'
import { fieldKeys, originsInField } from '../../../shared/config/field.ts'
import { test } from '../../harness/test.ts'

test('a key has its origins, in any case; one that nothing in the field has, none', () => {
  assert.equal(originsInField('ipMasq'), ['bridge', 'ptp', 'flannel'])
  assert.equal(originsInField('IPMASQ'), ['bridge', 'ptp', 'flannel'])
  assert.equal(originsInField('pciBusID'), ['host-device', 'Multus'])
  assert.equal(originsInField('ipam.range'), ['whereabouts'])
  assert.equal(originsInField('range'), [])
  assert.equal(originsInField('constructor'), [])
})

test('what the list says of a plugin that Patchbay has, too, is what that plugin has', async () => {
  const wrong: string[] = []
  for (const [origin, text] of Object.entries(fieldKeys)) {
    const own = (await plugins[origin]?.())?.config.keys()
    const keys = text.split(/\s+/)
    wrong.push(
      ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${origin}: ${key} twice`),
    )
    if (own) wrong.push(...keys.filter((key) => !own.includes(key)).map((key) => `${origin}: no key ${key}`))
  }
  assert.equal(wrong, [])
})

test.run()
