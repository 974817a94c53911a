import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { compare } from '../../bench/figures.ts'
import { moduleCounts, reached } from '../../bench/modules.ts'
import { test } from '../../harness/test.ts'

test('5 % more is accepted, and what is beyond fails; what is better by as much is told', () => {
  const recorded = { same: 100, more: 100, tooMuch: 100, less: 100 }
  const { worse, better } = compare({ same: 100, more: 105, tooMuch: 106, less: 90 }, recorded)
  assert.equal(worse, ['tooMuch: 106, recorded 100 (+6.0 %)'])
  assert.equal(better, ['less: 90, recorded 100 (-10.0 %)'])
})

test('five faults more are accepted where 5 % are less, because the layout of memory moves them; not so system calls', () => {
  const recorded = { 'VERSION: faults': 55, 'STATUS: faults': 55, 'VERSION: system calls': 55 }
  const figures = { 'VERSION: faults': 60, 'STATUS: faults': 61, 'VERSION: system calls': 60 }
  assert.equal(compare(figures, recorded).worse, [
    'STATUS: faults: 61, recorded 55 (+10.9 %)',
    'VERSION: system calls: 60, recorded 55 (+9.1 %)',
  ])
})

test('figures that only one side has are told and are no failure', () => {
  const { worse, missing } = compare({ fresh: 1 }, { gone: 1 })
  assert.equal(worse, [])
  assert.equal(missing, ['gone: not measured here', 'fresh: not recorded'])
})

test('modules count once, and not when they are imported lazily', () => {
  const file = (...imports: [string, 'import-statement' | 'dynamic-import'][]) => ({
    bytes: 1,
    imports: imports.map(([path, kind]) => ({ path, kind })),
  })
  const inputs = {
    a: file(['b', 'import-statement'], ['c', 'import-statement']),
    b: file(['c', 'import-statement'], ['d', 'dynamic-import']),
    c: file(['a', 'import-statement']),
    d: file(),
  }
  assert.equal([...reached({ inputs }, 'a')], ['a', 'b', 'c'])
})

test('the recorded modules are those of the plugins that there are', async () => {
  const { figures } = JSON.parse(readFileSync(new URL('../../bench/budget.json', import.meta.url), 'utf8'))
  const names = Object.keys(await moduleCounts()).map((path) => `${path}: modules`)
  assert.equal(
    Object.keys(figures).filter((name) => name.endsWith(': modules')),
    names,
  )
})

test.run()
