import * as assert from 'uvu/assert'
import { takesAll, toRange } from '../../../plugins/vxlan/rules.ts'
import { test } from '../../harness/test.ts'

test('an entry of a filter is a VNI or a range', () => {
  assert.equal([7, { min: 8, max: 9 }].map(toRange), [
    { min: 7, max: 7 },
    { min: 8, max: 9 },
  ])
})

test('ranges cover a filter, however the kernel joins them', () => {
  const filter = [100, { min: 200, max: 210 }, 101]
  const ranges = [
    { min: 100, max: 101 },
    { min: 200, max: 205 },
    { min: 206, max: 210 },
  ]
  assert.ok(takesAll(ranges, filter))
  assert.ok(takesAll([...ranges].reverse(), filter))
})

test('a missing VNI and an additional one are noticed', () => {
  assert.not.ok(takesAll([{ min: 100, max: 100 }], [100, 101]))
  assert.not.ok(takesAll([{ min: 100, max: 102 }], [100, 101]))
  assert.not.ok(takesAll([], [100]))
})

test.run()
