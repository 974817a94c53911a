import * as assert from 'uvu/assert'
import { shrink, smaller } from '../../fuzz/shrink.ts'
import { test } from '../../harness/test.ts'

const isAny = (_: unknown): _ is unknown => true

test('a value shrinks to the part that a property needs', async () => {
  const value = { a: [1, 2, { key: 'long text with x in it' }], b: { c: [] }, d: 700 }
  const hasX = async (candidate: unknown) => JSON.stringify(candidate).includes('x')
  assert.is(JSON.stringify(await shrink(value, isAny, hasX)), '{"a":[{"key":"x"}]}')
})

test('numbers shrink towards zero, as far as the property allows', async () => {
  const isLarge = async (value: unknown) => typeof value === 'number' && value > 100
  assert.ok(Number(await shrink(5000, isAny, isLarge)) < 200)
})

test('a value of another kind is not tried', async () => {
  const isNamed = (value: unknown): value is object => Object.hasOwn(value as object, 'name')
  assert.equal(await shrink({ name: 'n', more: 1 }, isNamed, async () => true), { name: '' })
})

test('a key called __proto__ is a key like any other', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"b":2}')
  assert.ok([...smaller(value)].some((less) => JSON.stringify(less) === '{"__proto__":{},"b":2}'))
})

test.run()
