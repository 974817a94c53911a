import * as assert from 'uvu/assert'
import { either, linesOf, ranges } from '../../coverage/lines.ts'
import { test } from '../../harness/test.ts'

/** 1 for each character that is not between `<` and `>`, and the text without these marks. */
function marked(text: string): [source: string, executed: Uint8Array] {
  const parts = text.split(/[<>]/)
  const values = parts.flatMap((part, index) => Array.from(part, () => (index % 2 === 0 ? 1 : 0)))
  return [parts.join(''), Uint8Array.from(values)]
}

test('a line is missed, or executed in part, or executed', () => {
  const text = marked('f()\nif (a) <throw b>\n<g(\n// why\n)>\nh()')
  assert.equal(linesOf(...text), { code: [1, 2, 3, 6], missed: [3], partly: [2] })
})

test('brackets, semicolons and space that were not executed do not count', () => {
  assert.equal(linesOf(...marked('a= [a< ]>\nf< ( >b< );>')), { code: [1, 2], missed: [], partly: [] })
})

test('what one of two executed is executed', () => {
  assert.equal(either(Uint8Array.of(1, 0, 0), Uint8Array.of(0, 0, 1)), Uint8Array.of(1, 0, 1))
})

test('lines are joined to ranges, over lines that are no code', () => {
  assert.is(ranges([2, 4, 5, 8], [1, 2, 4, 5, 6, 8]), '2-5, 8')
  assert.is(ranges([], [1]), '')
})

test.run()
