/** One change that makes a valid value nearly valid. */

import fc from 'fast-check'

type Path = (string | number)[]
type Holder = Record<string | number, unknown>

/** Values of the wrong type, out of range, or with meaning elsewhere: paths, names of JavaScript. */
const wrong: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', [], {}, [[]], [null], { a: {} }),
  fc.constantFrom<unknown>(
    0,
    -1,
    1,
    1.5,
    255,
    256,
    4095,
    4096,
    65535,
    65536,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e308,
    -1e308,
  ),
  fc.constantFrom(
    '0',
    '1',
    'true',
    'null',
    '../../etc/passwd',
    '/',
    '.',
    '..',
    'a/b',
    '/etc/passwd',
    '/proc/self/exe',
    '~',
    '*',
    '-n',
    '$(id)',
  ),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'),
  fc.constantFrom(
    '\0',
    'a\0b',
    '\n',
    '\r\nx',
    '\u202e',
    '\ud800',
    '🌉',
    'ß',
    'İ',
    '\u0301',
    '\x1b[31m',
    ' ',
    ' eth0',
    'x'.repeat(16),
    'é'.repeat(8),
  ),
  fc.integer({ min: 100, max: 20_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 100, max: 3_000 }).map((length) => Array(length).fill('10.0.0.1')),
  fc.integer({ min: 50, max: 400 }).map(nested),
  fc.jsonValue({ maxDepth: 3 }),
)

/** `[[[…]]]` */
function nested(depth: number): unknown {
  let value: unknown = []
  for (let level = 1; level < depth; level++) value = [value]
  return value
}

/** Names for a key: foreign, dangerous in JavaScript, or odd. */
const keys = fc.constantFrom(
  'frobnicate',
  '__proto__',
  'constructor',
  'toString',
  'length',
  '',
  ' ',
  '_x',
  'a.b',
  'İ',
  'ſ',
  '\0',
  'x'.repeat(5000),
)

type Mutation = (holder: Holder, key: string | number) => void

/** Mutations of an entry of an object or list. */
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: wrong.map(
      (value): Mutation =>
        (holder, key) =>
          put(holder, key, value),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Mutation>((holder, key) => void delete holder[key]) },
  {
    weight: 2,
    arbitrary: fc.tuple(keys, wrong).map(
      ([name, value]): Mutation =>
        (holder) =>
          put(holder, name, value),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), spellings()).map(
      ([at, spell]): Mutation =>
        (holder, key) =>
          put(holder, spell(String(key), at), holder[key]),
    ),
  },
)

/** Other spellings of a key: a letter less, twice, exchanged; other case. */
function spellings(): fc.Arbitrary<(key: string, at: number) => string> {
  const at = (key: string, place: number) => place % (key.length || 1)
  return fc.constantFrom(
    (key, place) => key.slice(0, at(key, place)) + key.slice(at(key, place) + 1),
    (key, place) => key.slice(0, at(key, place) + 1) + key.slice(at(key, place)),
    (key, place) => (key[place % 2 ? 0 : 1] ?? '') + key.slice(1),
    (key) => key.toUpperCase(),
    (key) => key.toLowerCase(),
  )
}

/** Sets a key of its own, also when it is called `__proto__`, as JSON.parse does. A list has no other keys. */
function put(holder: Holder, key: string | number, value: unknown): void {
  if (Array.isArray(holder) && typeof key === 'string') {
    holder.push(value)
    return
  }
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Nearly valid values: a valid one with one mutation. */
export function nearly<T>(valid: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.tuple(valid, fc.nat(), mutations).map(([value, place, mutation]) => {
    const copy = structuredClone(value)
    const paths = pathsIn(copy)
    const path = paths[place % paths.length]
    if (path === undefined) return copy
    mutation(at(copy, path.slice(0, -1)) as Holder, path.at(-1) ?? '')
    return copy
  })
}

/** The paths of all entries below a value. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => {
    const here = [...path, Array.isArray(value) ? Number(name) : name]
    return [here, ...pathsIn(item, here)]
  })
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((inner, key) => (inner as Holder)[key], value)
}

/** Values to replace others with, in results and records. */
export { wrong }
