import * as assert from 'uvu/assert'
import { quantile, ratioOf, summarize } from '../../bench/statistics.ts'
import { test } from '../../harness/test.ts'
import { sample } from './samples.ts'

test('a quantile lies between its neighbours, in whatever order the values are', () => {
  assert.is(quantile([4, 1, 3, 2], 0.5), 2.5)
  assert.is(quantile([1, 2, 3, 4, 5], 0.9), 4.6)
  assert.is(quantile([7], 0.99), 7)
})

test('a summary has percentiles of wall time, medians of the rest, and counts what failed', () => {
  const samples = [1, 2, 3, 4, 100].map((wall) => sample(wall, { user: wall, faults: 10 * wall }))
  const summary = summarize([...samples, sample(3, { status: 1, user: 3, faults: 30 })])
  assert.equal([summary.p50, summary.user, summary.faults, summary.runs, summary.failed], [3, 3, 30, 6, 1])
  assert.ok(summary.p99 > 95)
})

test('ratios are made within a round: a load that doubles all times changes none', () => {
  const quiet = [sample(1), sample(2), sample(1)]
  const other = [sample(2), sample(4), sample(2)]
  assert.equal(ratioOf(quiet, other), { p10: 0.5, p50: 0.5, p90: 0.5 })
})

test('the spread of a ratio is that of its rounds; a round that only one has is left out', () => {
  const { p10, p50, p90 } = ratioOf(
    [sample(1), sample(2), sample(3), sample(9)],
    [sample(2), sample(2), sample(2)],
  )
  assert.equal(
    [p10, p50, p90].map((value) => value.toFixed(2)),
    ['0.60', '1.00', '1.40'],
  )
})

test.run()
