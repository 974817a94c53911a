import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { newReports, whereTheTimeWent } from '../../runner/reports.ts'

const passed = '• •   (2 / 2)\n\n  Total:     2\n  Passed:    2\n  Skipped:   0\n'
const failed = 'oh no\n\n  Total:     2\n  Passed:    1\n  Skipped:   0\n'

function printed() {
  const lines: string[] = []
  return { lines, reports: newReports((text) => lines.push(text)) }
}

test('a file that passed is one line, one that failed its whole output', () => {
  const { lines, reports } = printed()
  reports.ended('test/unit/a.test.ts', { output: passed, status: 0, seconds: 1.25 })
  reports.ended('test/unit/b.test.ts', { output: failed, status: 1, seconds: 2 })
  reports.failed('test/kernel/c.test.ts: no guest runs here')
  assert.is(lines[0], 'ok  test/unit/a.test.ts  2 of 2, 1.3 s')
  assert.match(lines[1] ?? '', /oh no.*FAILED {2}test\/unit\/b\.test\.ts {2}1 of 2, 2\.0 s$/s)
  assert.is(lines[2], 'FAILED  test/kernel/c.test.ts: no guest runs here')
  assert.equal(reports.total(), { passed: 3, failed: 2, skipped: 0 })
})

test('at the end the slowest ten are named, and the sum of each folder on each kernel', () => {
  const seconds = new Map(Array.from({ length: 12 }, (_, index) => [`test/unit/${index}.test.ts`, index]))
  seconds.set('test/kernel/vlan.test.ts on guest 6.1', 30)
  const lines = whereTheTimeWent(seconds).split('\n')
  assert.is(lines[1], '   30.0 s  test/kernel/vlan.test.ts on guest 6.1')
  assert.is(lines.filter((line) => line.includes('test/unit/')).length, 9)
  assert.ok(lines.includes('   66.0 s  test/unit'))
  assert.ok(lines.includes('   30.0 s  test/kernel on guest 6.1'))
})

test.run()
