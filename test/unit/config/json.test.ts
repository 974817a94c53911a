import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { parseJson, parseObject } from '../../../shared/config/json.ts'
import { locate } from '../../../shared/config/locate.ts'
import type { CniError } from '../../../shared/error/error.ts'
import { test } from '../../harness/test.ts'

function complaint(text: string): CniError {
  try {
    parseObject(text, 'network config')
  } catch (error) {
    return error as CniError
  }
  throw new Error(`nothing was wrong with ${text}`)
}

const said = (text: string) => complaint(text).message.replace('error unmarshall network config: ', '')

test('broken JSON is refused with line, column and the line itself', () => {
  const error = complaint('{\n  "name": "n",\n  "mtu": 1500\n  "vlan": 3\n}')
  assert.is(error.code, 6)
  assert.is(
    error.message,
    'error unmarshall network config: line 4, column 3: expected a comma or the closing bracket, found "\\""',
  )
  assert.is(
    error.details,
    '  "vlan": 3\n  ^\nmake the network config one JSON object (RFC 8259: no comments, no comma after the last item)',
  )
})

test('each syntax error is described', () => {
  const cases: Record<string, string> = {
    '': 'line 1, column 1: unexpected end of JSON input, expected a value',
    '  ': 'line 1, column 3: unexpected end of JSON input, expected a value',
    '{"a":1': 'line 1, column 7: unexpected end of JSON input, expected a comma or the closing bracket',
    '{"a":1,}': 'line 1, column 8: expected a key in double quotes, found "}" (remove the comma before it)',
    '[1,]': 'line 1, column 4: expected a value, found "]" (remove the comma before it)',
    '{a:1}': 'line 1, column 2: expected a key in double quotes or }, found "a"',
    '{"a" 1}': 'line 1, column 6: expected a colon, found "1"',
    '{"a": True}': 'line 1, column 7: expected a value, found True',
    "{'a': 1}": 'line 1, column 2: expected a key in double quotes or }, found "\'"',
    '{"a": 01}': 'line 1, column 8: expected a comma or the closing bracket, found "1"',
    '{"a": "b}': 'line 1, column 7: this string has no closing quote',
    '{"a": "b\n"}': 'line 1, column 9: a string contains "\\n"; write it as an escape',
    '{"a": "\\x"}': 'line 1, column 8: a string contains an escape that JSON does not have',
    '{}}': 'line 1, column 3: expected nothing more, found "}"',
    '{} // note': 'line 1, column 4: expected nothing more, found "/"',
    '[1}': 'line 1, column 3: expected a comma or the closing bracket, found "}"',
    '\ufeff{}': 'line 1, column 1: found a byte order mark; save the file without it',
  }
  for (const [text, message] of Object.entries(cases)) assert.is(said(text), message)
})

test('of a long line the part around the fault is shown, with a caret below the fault', () => {
  const { details } = complaint(`{"a": "${'x'.repeat(500)}", "b": oops, "c": "${'y'.repeat(500)}"}`)
  const [line = '', caret = ''] = details.split('\n')
  assert.ok(line.length <= 100)
  assert.is(line.slice(caret.indexOf('^'), caret.indexOf('^') + 4), 'oops')
})

test('a secret in the line is not shown', () => {
  const { details } = complaint('{"privateKey": "c2VjcmV0", "b": oops}')
  assert.not.match(details, 'c2VjcmV0')
  assert.match(details, '"privateKey": "********", "b": oops')
})

test('a line of megabytes full of possible secrets is processed fast', () => {
  const { details } = complaint(`{"a": "${'secret'.repeat(1_000_000)}", oops}`)
  assert.match(details, 'oops')
})

test('JSON that is no object is refused', () => {
  assert.is(said('[]'), 'it must be a JSON object, found an array')
  assert.is(said('null'), 'it must be a JSON object, found null')
  assert.is(said('"x"'), 'it must be a JSON object, found a string')
})

test('deep nesting is refused instead of exhausting the stack', () => {
  for (const depth of [201, 5000, 1_000_000]) {
    const text = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    assert.is(complaint(text).code, 6, String(depth))
    assert.match(complaint(text).message, 'nested')
  }
  assert.is(complaint('['.repeat(1_000_000)).code, 6)
  assert.equal(parseObject(`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'it').b, undefined)
})

test('input over 8 MiB, or of more than 200,000 values, is refused', () => {
  assert.is(said(`{"a":"${'x'.repeat(9 * 1024 * 1024)}"}`), 'it is larger than 8 MiB')
  for (const text of [`{"a":[${'0,'.repeat(200_000)}0]}`, `[${'{},'.repeat(200_001)}0]`])
    assert.is(said(text), 'it has more than 200000 values')
  assert.match(complaint(`[${'0,'.repeat(300_000)}0]`).details, 'make the network config smaller')
  assert.is(Object.keys(parseObject(`{"a":[${'0,'.repeat(199_000)}0]}`, 'it')).length, 1)
})

test('a fault after megabytes of lines has its line and column', () => {
  assert.match(said(`{${'\n'.repeat(4_000_000)} oops}`), 'line 4000001, column 2')
})

test('a __proto__ key is a key like any other', () => {
  const value = parseObject('{"__proto__": {"polluted": true}}', 'it')
  assert.is(({} as { polluted?: boolean }).polluted, undefined)
  assert.ok(Object.hasOwn(value, '__proto__'))
})

/** A text with one part removed, doubled or overwritten. */
const mutated = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom(
      '',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '-',
      'e',
      '.',
      't',
      ' ',
      '\n',
      '\u0001',
      '\u007f',
    ),
    fc.nat({ max: 2 }),
  )
  .map(([text, seed, piece, cut]) => {
    const at = seed % (text.length + 1)
    return text.slice(0, at) + piece + text.slice(at + cut)
  })

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('the locator finds a fault exactly in the texts that JSON.parse refuses', () => {
  const agrees = (text: string) => (locate(text) === undefined) === isJson(text)
  fc.assert(fc.property(fc.json(), agrees), { numRuns: 300 })
  fc.assert(fc.property(mutated, agrees), { numRuns: 5000 })
  fc.assert(fc.property(fc.string(), agrees), { numRuns: 1000 })
})

test('the place of a fault is the same when the text after it is removed', () => {
  const holds = (text: string) => {
    const fault = locate(text)
    return fault === undefined || locate(text.slice(0, fault.offset + 1))?.offset === fault.offset
  }
  fc.assert(fc.property(mutated, holds), { numRuns: 2000 })
})

test('valid text is parsed as by JSON.parse', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(parseJson(text, 'it'), JSON.parse(text))
    }),
  )
})

test.run()
