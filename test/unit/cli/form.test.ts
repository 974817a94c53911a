/** The form of the operator's command line: arguments, help, tables, and what a hostile name cannot do. */

import * as assert from 'uvu/assert'
import { written } from '../../../cli/form/answer.ts'
import { parse } from '../../../cli/form/arguments.ts'
import { file, type Page } from '../../../cli/form/page.ts'
import { type Column, table } from '../../../cli/form/table.ts'
import type { Flags, Word } from '../../../cli/form/verb.ts'
import { test } from '../../harness/test.ts'

const means = 'x'

const flags: Flags = {
  '--to': { takes: 'one', means },
  '--netavark': { takes: 'optional', means },
  '--conf': { takes: 'many', means },
  '--check': { takes: 'none', means, short: 'c' },
  '--output': { takes: 'one', means, short: 'o', names: ['table', 'json'] },
}

function refused(line: string[], words: Word[] = []): string {
  try {
    parse(line, { words, flags })
  } catch (error) {
    return String((error as Error).message)
  }
  return ''
}

test('a flag takes one value, many to the next flag, or one behind = alone', () => {
  const given = parse(['--conf', 'a', 'b', '--to=/x', '--netavark=/n', '--check'], { flags })
  assert.equal(
    [...given.flags],
    [
      ['--conf', ['a', 'b']],
      ['--to', ['/x']],
      ['--netavark', ['/n']],
      ['--check', []],
    ],
  )
  assert.equal(
    [...parse(['--to', '/x', '--to', '/y', '--netavark'], { flags }).flags],
    [
      ['--to', ['/x', '/y']],
      ['--netavark', []],
    ],
  )
})

test('words stand between flags, and behind -- all are words', () => {
  const words: Word[] = [{ name: 'W', count: 'any', means }]
  const given = parse(['a', '-c', '-', '-o', 'json', '--', '--to', '-x'], { flags, words })
  assert.equal(given.words, ['a', '-', '--to', '-x'])
  assert.equal(
    [...given.flags],
    [
      ['--check', []],
      ['--output', ['json']],
    ],
  )
})

test('a missing, empty or needless value, an unknown flag and a word too many are refused', () => {
  assert.match(refused(['--to']), '--to needs a value')
  assert.match(refused(['--to', '--check']), '--to needs a value')
  assert.match(refused(['--to=']), 'is empty')
  assert.match(refused(['--to', 'a\nb']), 'control characters')
  assert.match(refused(['--check=1']), 'takes no value')
  assert.match(refused(['--chekc']), 'did you mean --check?')
  assert.match(refused(['--netavark', '/n']), 'unexpected word "/n"')
  assert.match(refused(['--constructor']), 'unknown flag')
  assert.match(refused(['-o', 'jsn']), '-o "jsn": there are table, json, did you mean json?')
  assert.match(refused([], [{ name: 'CONTAINER', count: 'one', means: 'its ID' }]), 'CONTAINER is missing')
})

interface Row {
  name: string
  size?: number
}

const columns: Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'SIZE', cell: ({ size }) => size, right: true },
]

test('a table is as wide as its cells, and leaves out columns that are empty', () => {
  const rows = [
    { name: 'a', size: 5 },
    { name: 'longer', size: 1000 },
  ]
  assert.is(table(file, columns, rows), 'NAME    SIZE\na          5\nlonger  1000')
  assert.is(table(file, columns, [{ name: 'a' }]), 'NAME\na')
})

test('a terminal cuts the widest column, and no line is wider than it', () => {
  const narrow: Page = { ...file, width: 20 }
  const text = table(narrow, columns, [{ name: 'x'.repeat(100), size: 5 }])
  for (const line of text.split('\n')) assert.ok(line.length <= 20, line)
  assert.match(text, 'xxx…')
})

test('a column that wraps goes on in the next lines, and breaks a word that is too long', () => {
  const narrow: Page = { ...file, width: 20 }
  const wrapping = columns.map((column) => ({ ...column, wraps: true }))
  const text = table(narrow, wrapping, [{ name: `all of it ${'x'.repeat(20)}`, size: 5 }])
  assert.is(text, `NAME            SIZE\nall of it          5\n${'x'.repeat(14)}\n${'x'.repeat(6)}`)
})

test('a page without room for all columns leaves out minor ones, the last first', () => {
  const narrow: Page = { ...file, width: 20 }
  const minor = columns.map((column) => ({ ...column, minor: column.title === 'SIZE' }))
  assert.is(table(narrow, minor, [{ name: 'x'.repeat(16), size: 5 }]), `NAME\n${'x'.repeat(16)}`)
  assert.match(table(narrow, minor, [{ name: 'x'.repeat(14), size: 5 }]), 'SIZE')
})

const hostile = `\u001b]0;title\u0007\u009b31m\u202ename\n\u2028${'x'.repeat(1 << 20)}`

test('no name reaches a terminal with its control characters, or with its megabyte', async () => {
  const cell = { name: hostile, size: 1 }
  const text = table(file, columns, [cell])
  assert.is(text.split('\n').length, 2)
  assert.ok(text.length < 1000)
  assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u)
  for (const format of ['json', 'yaml'] as const) {
    const answer = await written({ data: [{ hostile }], text: () => '' }, format, file)
    assert.not.match(answer.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u)
    if (format === 'json') assert.equal(JSON.parse(answer), [{ hostile }])
  }
})

test('YAML says what JSON says', async () => {
  const { load } = await import('js-yaml')
  const data = {
    no: 'no',
    number: '1e3',
    list: [1, null, true, ''],
    hostile: hostile.slice(0, 99),
    empty: [],
    'a: b': {},
  }
  assert.equal(load(await written({ data, text: () => '' }, 'yaml', file)), data)
})

test.run()
