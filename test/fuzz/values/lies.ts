/** Cases in which the kernel's answers are changed: lengths and numbers in messages and attributes, and where they end. */

import fc from 'fast-check'
import type { Case, Lie } from '../play/case.ts'
import { configurationsOf, names } from './configuration.ts'

/** Lengths and types of attributes and messages have 2 or 4 bytes; an odd one, none, too many. */
const words = fc.constantFrom(
  '0000',
  '0100',
  '0300',
  '0400',
  '0500',
  '0700',
  'ff7f',
  'ffff',
  '00000000',
  '01000000',
  '80000000',
  'ffffffff',
  '00',
)

/** Most places are those where a header or an attribute may begin. */
const places = fc.oneof(
  fc.nat(400).map((place) => place * 4),
  fc.nat(100).map((place) => place * 4 + 2),
  fc.nat(2000),
)

const lie: fc.Arbitrary<Lie> = fc.record(
  { nth: fc.oneof(fc.nat(4), fc.nat(30)), at: places, bytes: words },
  { requiredKeys: ['nth', 'at'] },
)

/** The configurations are those that work, so that the call reads much. */
export function lyingCases(plugin?: string): fc.Arbitrary<Case> {
  const chosen = plugin === undefined ? names : [plugin]
  return fc.oneof(...chosen.map(casesOf))
}

function casesOf(plugin: string): fc.Arbitrary<Case> {
  const lies = fc.array(lie, { minLength: 1, maxLength: 4 })
  const alone = fc.tuple(fc.constantFrom('ADD', 'ADD', 'ADD', 'STATUS', 'GC'), configurationsOf(plugin), lies)
  const after = fc.tuple(fc.constantFrom('CHECK', 'DEL', 'GC'), configurationsOf(plugin), lies)
  return fc.oneof(
    alone.map(([verb, config, lies]) => ({ plugin, verb, config, lies })),
    after.map(([verb, config, lies]) => ({ plugin, verb, config, lies, first: config, prevResult: [] })),
  )
}
