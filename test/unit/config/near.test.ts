import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { distance, nearest } from '../../../shared/config/near.ts'
import { test } from '../../harness/test.ts'

const keys = [
  'bridge',
  'isGateway',
  'isDefaultGateway',
  'hairpinMode',
  'promiscMode',
  'mtu',
  'vlan',
  'vlanTrunk',
  'ipam',
]

test('misspelt keys find the intended key', () => {
  const meant: Record<string, string> = {
    hairpinmod: 'hairpinMode',
    hairpinMdoe: 'hairpinMode',
    isGatway: 'isGateway',
    mut: 'mtu',
    brigde: 'bridge',
    vlans: 'vlan',
    vlantrunks: 'vlanTrunk',
    promisc_mode: 'promiscMode',
  }
  for (const [word, key] of Object.entries(meant)) assert.is(nearest(word, keys), key, word)
})

test('other words are near to no key', () => {
  for (const word of ['description', 'x', 'mode', 'kubernetes', 'ip', 'comment', 'tenant', 'dns']) {
    assert.is(nearest(word, keys), undefined, word)
  }
})

test('the nearest of several is chosen', () => {
  assert.is(nearest('vlanTrunx', ['vlanTrunks', 'vlanTrunk']), 'vlanTrunk')
})

test('the distance is that of Damerau and Levenshtein', () => {
  const counted: [string, string, number][] = [
    ['', '', 0],
    ['', 'ab', 2],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'bca', 2],
    ['kitten', 'sittin', 2],
  ]
  for (const [one, other, expected] of counted) assert.is(distance(one, other), expected, `${one} ${other}`)
})

test('one edit is at distance one at most, and the distance is symmetric', () => {
  const word = fc.string({ minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(word, fc.nat(), fc.string({ minLength: 0, maxLength: 1 }), (text, seed, letter) => {
      const at = seed % text.length
      const edited = text.slice(0, at) + letter + text.slice(at + 1)
      assert.ok(distance(text, edited) <= Math.max(1, letter.length))
    }),
  )
  fc.assert(fc.property(word, word, (one, other) => distance(one, other) === distance(other, one)))
})

test.run()
