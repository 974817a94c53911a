import * as assert from 'uvu/assert'
import type { Lines } from '../../coverage/lines.ts'
import { type Covered, lcov, report, summary } from '../../coverage/report.ts'
import { test } from '../../harness/test.ts'

/** A file with code on lines 1 to 10. */
function covered(
  file: string,
  unit: number[],
  executables: number[],
  both: number[],
  partly: number[] = [],
): Covered {
  const code = Array.from({ length: 10 }, (_, index) => index + 1)
  const lines = (missed: number[]): Lines => ({ code, missed, partly })
  return { file, unit: lines(unit), executables: lines(executables), both: lines(both) }
}

const files = [
  covered('shared/ip/b.ts', [1, 2, 3], [3, 4], [3]),
  covered('plugins/a.ts', [1], [1, 2, 3, 4, 5], [], [7, 9]),
  covered('shared/ip/a.ts', [5, 6, 7], [5, 6, 7], [5, 6, 7]),
]

/** Words of each line. */
const wordsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))

test('the summary has a row for each folder, and one for all', () => {
  assert.equal(wordsOf(summary(files)), [
    ['lines', 'unit', 'executables', 'either'],
    ['plugins', '10', '90.0 %', '50.0 %', '100.0 %'],
    ['shared/ip', '20', '70.0 %', '75.0 %', '80.0 %'],
    ['all', '30', '76.6 %', '66.6 %', '86.6 %'],
  ])
})

test('the report names the lines of each file that nothing executed, and those executed in part', () => {
  const rows = wordsOf(report(files)).map(([name]) => name)
  const expected = [
    'plugins',
    'a.ts',
    'in part: 7, 9',
    '',
    'shared/ip',
    'b.ts',
    'not executed: 3',
    'a.ts',
    'not executed: 5-7',
  ]
  assert.equal(rows, ['lines', 'all', '', ...expected])
})

test('lcov has a line for each line of code', () => {
  const [first = ''] = lcov([covered('a.ts', [], [], [2])]).split('DA:3,')
  assert.is(first, 'SF:a.ts\nDA:1,1\nDA:2,0\n')
})

test.run()
