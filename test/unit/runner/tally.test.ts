import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { isGood, lastLine, oneFailed, sum, tallyOf, tallyOfChosen } from '../../runner/tally.ts'

const summary = (total: number, passed: number, skipped = 0) =>
  `• •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  2.24ms\n\n`

test('tests are counted from uvu’s summary', () => {
  assert.equal(tallyOf(summary(4, 4), 0), { passed: 4, failed: 0, skipped: 0 })
  assert.equal(tallyOf(summary(4, 3, 2), 1), { passed: 3, failed: 1, skipped: 2 })
})

test('a file that crashed before its summary is a failure', () => {
  assert.equal(tallyOf('SyntaxError: …', 1), oneFailed)
  assert.equal(tallyOf('', undefined), oneFailed)
})

test('a file that ran no tests is a failure, even with exit status 0', () => {
  assert.equal(tallyOf('', 0), oneFailed)
  assert.equal(tallyOf(summary(0, 0), 0), oneFailed)
})

test('a file that failed after its tests passed is a failure', () => {
  assert.equal(tallyOf(summary(4, 4), 1), { passed: 4, failed: 1, skipped: 0 })
  assert.equal(tallyOf(summary(4, 4), undefined), { passed: 4, failed: 1, skipped: 0 })
})

test('tests that did not run because the set-up failed are failures, which uvu does not report', () => {
  assert.equal(tallyOf(summary(4, 0), 0), { passed: 0, failed: 4, skipped: 0 })
})

test('a summary that a test itself printed does not count', () => {
  assert.equal(tallyOf(summary(9, 1) + summary(2, 2), 0), { passed: 2, failed: 0, skipped: 0 })
})

test('a run is good only when some tests passed and none failed or were skipped', () => {
  assert.ok(isGood({ passed: 1, failed: 0, skipped: 0 }))
  assert.not(isGood({ passed: 0, failed: 0, skipped: 0 }))
  assert.not(isGood({ passed: 5, failed: 1, skipped: 0 }))
  assert.not(isGood({ passed: 5, failed: 0, skipped: 1 }))
})

test('the last line has the sums of all files', () => {
  const total = sum([{ passed: 4, failed: 1, skipped: 0 }, oneFailed, { passed: 2, failed: 0, skipped: 3 }])
  assert.is(lastLine(total), '6 passed, 2 failed, 3 skipped')
})

test('where tests are chosen by name, a file without one counts as nothing, and one that crashed as a failure', () => {
  assert.equal(tallyOfChosen(summary(0, 0), 0), { passed: 0, failed: 0, skipped: 0 })
  assert.equal(tallyOfChosen(summary(1, 1), 0), { passed: 1, failed: 0, skipped: 0 })
  assert.equal(tallyOfChosen('SyntaxError: …', 1), oneFailed)
})

test.run()
