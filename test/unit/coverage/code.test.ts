import * as assert from 'uvu/assert'
import { codeOfLines, withoutTypes } from '../../coverage/code.ts'
import { test } from '../../harness/test.ts'

/** The numbers of the lines that have code. */
function linesOf(source: string): number[] {
  return codeOfLines(source).flatMap((positions, index) => (positions.length > 0 ? [index + 1] : []))
}

test('lines of types, comments, brackets and nothing are no code', () => {
  const source = [
    '/** A module.',
    ' *  Its second line. */',
    'interface A {',
    '  b: string',
    '}',
    '',
    'export function f(a: A): string { // why',
    '  // because',
    '  return a.b',
    '}',
    'export type B = A',
    'export const b = 1',
  ]
  assert.equal(linesOf(source.join('\n')), [7, 9, 12])
})

test('the word export belongs to no statement', () => {
  const source = 'export function f() {}'
  assert.equal(codeOfLines(source), [Array.from('function', (_, at) => 7 + at).concat(16)])
})

test('an address in a string is no comment', () => {
  assert.equal(withoutTypes(`f('https://a.example')`), `f('https://a.example')`)
})

test('each position stays where it is', () => {
  const source = `const ü: string = 'ü' // ü\nf(ü as Name<'ü'>, ü)`
  const found = codeOfLines(source).map((positions) => positions.map((at) => source[at]).join(''))
  assert.equal(found, [`constü='ü'`, 'füü'])
})

test.run()
