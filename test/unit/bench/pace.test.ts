import * as assert from 'uvu/assert'
import { paceOf } from '../../bench/pace.ts'
import { test } from '../../harness/test.ts'

/** The seconds of rounds of each scenario, when each needs so many besides. */
function rounds(seconds: number, besides: readonly number[]): { given: number[]; whole: number } {
  let time = 0
  const pace = paceOf(seconds, besides.length, () => time)
  const given = besides.map((more) => {
    const next = pace.next()
    time += Math.max(next, 0) + more
    pace.done()
    return next
  })
  return { given, whole: time }
}

test('a run takes what it was given, once it knows what scenarios need besides their rounds', () => {
  const { given, whole } = rounds(20, Array(30).fill(8))
  assert.is(given[0], 20)
  assert.ok(Math.abs(whole - 600) < 10, `${whole} s`)
})

test('a scenario that takes long leaves less for all that follow, not only for the next', () => {
  const { given } = rounds(20, [5, 5, 200, ...Array(27).fill(5)])
  assert.ok((given[3] ?? 0) < (given[2] ?? 0))
  assert.ok(given.slice(4).every((seconds) => seconds > 0))
})

test('without time there are no rounds but the least', () => {
  assert.ok(rounds(0, [5, 5, 5]).given.every((seconds) => seconds <= 0))
})

test.run()
