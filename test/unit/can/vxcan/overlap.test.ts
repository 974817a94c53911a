/** Which rules of vxcan's gateway let the same frames through. */

import * as assert from 'uvu/assert'
import { deliveringOnce } from '../../../../plugins/can/vxcan/overlap.ts'
import { test } from '../../../harness/test.ts'

type Rule = { filter?: string; frames?: 'classic' | 'fd'; set?: { id: string } }

function isRefused(...rules: Rule[]): boolean {
  const toContainer = rules.map((rule) => ({ frames: 'both' as const, ...rule }))
  return deliveringOnce({ gateway: { device: 'can0', toContainer, fromContainer: [] } }) !== undefined
}

for (const [one, other, twice] of [
  ['100:700', '123:7FF', true],
  ['100:700', '223:7FF', false],
  ['123:7FF', '00000123:1FFFFFFF', false],
  ['123:7FF', '123~7FF', false],
  ['100:700', '123~7FF', true],
  ['123:7FF', '00000123~1FFFFFFF', true],
  ['123~7FF', '124~7FF', true],
  ['000~000', '00000000~00000000', false],
  ['000~000', '00000000:00000000', true],
] as const)
  test(`${one} and ${other} have ${twice ? 'an' : 'no'} identifier in common`, () => {
    assert.is(isRefused({ filter: one }, { filter: other }), twice)
    assert.is(isRefused({ filter: other }, { filter: one }), twice)
  })

test('a rule without a filter overlaps every other, unless the frames are of another kind or are changed', () => {
  assert.ok(isRefused({}, { filter: '123:7FF' }))
  assert.ok(isRefused({ frames: 'fd' }, {}))
  assert.not.ok(isRefused({ frames: 'fd' }, { frames: 'classic' }))
  assert.not.ok(isRefused({}, { set: { id: '456' } }))
})

test.run()
