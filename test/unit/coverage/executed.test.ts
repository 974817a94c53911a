import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { addReport, nothingExecuted, takeReports } from '../../coverage/executed.ts'
import { test } from '../../harness/test.ts'

type Numbers = [startOffset: number, endOffset: number, count: number]

/** A report on one file with these ranges. */
function reportOn(url: string, ...ranges: Numbers[]) {
  const functions = ranges.map(([startOffset, endOffset, count]) => ({
    ranges: [{ startOffset, endOffset, count }],
  }))
  return { result: [{ url, functions }] }
}

/** What reports together say of a file with ten characters. */
function together(...reports: ReturnType<typeof reportOn>[]): string {
  const executed = nothingExecuted(new Map([['a.ts', 10]]))
  for (const report of reports) addReport(executed, report, '/src')
  return executed.get('a.ts')?.join('') ?? ''
}

test('the innermost range counts, in any order', () => {
  const ranges: Numbers[] = [
    [4, 6, 3],
    [0, 10, 1],
    [2, 8, 0],
  ]
  assert.is(together(reportOn('file:///src/a.ts', ...ranges)), '1100110011')
})

test('what any process executed is executed', () => {
  const one = reportOn('file:///src/a.ts', [0, 10, 1], [2, 8, 0])
  const other = reportOn('file:///src/a.js', [0, 10, 1], [5, 10, 0])
  assert.is(together(one, other), '1111100011')
})

test('files outside the directory, and those of Node, are left out', () => {
  assert.is(
    together(reportOn('file:///other/a.ts', [0, 10, 1]), reportOn('node:fs', [0, 10, 1])),
    '0000000000',
  )
})

test('a copy of a module, which may have another text, is left out', () => {
  assert.is(together(reportOn('file:///src/a.ts?copy=1', [0, 10, 1])), '0000000000')
})

test('a range beyond the end of the file is cut', () => {
  assert.is(together(reportOn('file:///src/a.ts', [8, 40, 1])), '0000000011')
})

test('reports are taken from a directory once; one that is not complete stays', () => {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-coverage-'))
  try {
    writeFileSync(join(directory, 'whole.json'), JSON.stringify(reportOn('file:///src/a.ts', [0, 10, 1])))
    writeFileSync(join(directory, 'half.json'), '{"result":[')
    const executed = nothingExecuted(new Map([['a.ts', 10]]))
    assert.equal(
      [1, 2].map(() => takeReports(executed, directory, '/src')),
      [1, 0],
    )
    assert.is(executed.get('a.ts')?.join(''), '1111111111')
    assert.equal(readdirSync(directory), ['half.json'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('without a directory there are no reports', () => {
  assert.is(takeReports(new Map(), '/absent', '/src'), 0)
})

test.run()
