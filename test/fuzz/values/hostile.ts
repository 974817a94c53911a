/** Texts that are no JSON, or JSON that no runtime would send. Each character is a byte. */

import fc from 'fast-check'

const fixed = [
  '',
  ' ',
  'null',
  '[]',
  '"x"',
  '1',
  '{}',
  '{',
  '\0',
  '\xef\xbb\xbf{}',
  '{"name":"a","name":"b"}',
  '{"__proto__":{"name":"x"}}',
  '{"a":1e999}',
  '{"\\ud800":1}',
  "{'a':1}",
  '{"a":1,}',
  '// x\n{}',
  '\xff\xfe{\0}\0',
  '{"a":"\xc3"}',
]

/** Texts without relation to a valid one. */
const unrelated = fc.oneof(
  fc.constantFrom(...fixed),
  fc.integer({ min: 1, max: 6 }).map((power) => '['.repeat(10 ** power)),
  fc.integer({ min: 1, max: 5 }).map((power) => `{"a":${'['.repeat(10 ** power)}${']'.repeat(10 ** power)}}`),
  fc.integer({ min: 1, max: 6 }).map((power) => ' '.repeat(10 ** power)),
  fc.integer({ min: 1, max: 6 }).map((power) => `{"name":"${'x'.repeat(10 ** power)}"}`),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)

/** Texts made from valid ones: cut, a byte changed, a part repeated, a key twice. */
function broken(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const texts = valid.map((value) => Buffer.from(JSON.stringify(value)).toString('latin1'))
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  return fc.oneof(
    fc.tuple(texts, fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
    fc.tuple(texts, fc.nat(), byte).map(([text, at, other]) => splice(text, at % text.length, 1, other)),
    fc.tuple(texts, fc.nat(), fc.nat(20)).map(([text, at, length]) => {
      const place = at % text.length
      return splice(text, place, 0, text.slice(place, place + length))
    }),
    texts.map((text) => `{"name":"other","ipam":null,${text.slice(1)}`),
  )
}

function splice(text: string, at: number, removed: number, put: string): string {
  return text.slice(0, at) + put + text.slice(at + removed)
}

/** Hostile texts in the place of valid values. */
export function hostile(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.oneof(unrelated, broken(valid))
}
