import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { batchesOf } from '../../runner/batches.ts'

const seconds: Record<string, number> = { a: 75, b: 60, c: 45, d: 30, e: 15 }
const secondsOf = (file: string) => seconds[file] ?? 0

test('every file is in one batch, and batches take about the same time', () => {
  const batches = batchesOf(Object.keys(seconds), secondsOf)
  assert.equal(batches, [['a'], ['b', 'e'], ['c', 'd']])
})

test('short files share one batch', () => {
  assert.equal(batchesOf(['d', 'e'], secondsOf), [['d', 'e']])
})

test('no files need no batch', () => {
  assert.equal(batchesOf([], secondsOf), [])
})

test.run()
