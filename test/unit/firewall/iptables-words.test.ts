/** Words of a configuration in rules of iptables: quoted for iptables-restore, and refused where they are no conditions. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { quoted, whyNoCondition } from '../../../shared/firewall/iptables-words.ts'
import { test } from '../../harness/test.ts'

/** How iptables-restore splits a line (add_param_to_argv, iptables/xshared.c). */
function split(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let [isQuoted, isEscaped] = [false, false]
  for (const character of line) {
    if (isQuoted && isEscaped) {
      word += character
      isEscaped = false
    } else if (isQuoted && character === '\\') isEscaped = true
    else if (character === '"') {
      isQuoted = !isQuoted
      word ??= ''
    } else if (!isQuoted && /\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  return word === undefined ? words : [...words, word]
}

test('any words without control characters are the same after iptables-restore has split them', () => {
  const word = fc.string().filter((text) => !whyNoCondition(text)?.includes('control'))
  fc.assert(
    fc.property(fc.array(word), (words) => {
      assert.equal(split(words.map(quoted).join(' ')), words)
    }),
  )
})

test('plain words are not quoted, others are', () => {
  assert.is(quoted('10.0.0.0/8'), '10.0.0.0/8')
  assert.is(quoted('!'), '!')
  assert.is(quoted('a b'), '"a b"')
  assert.is(quoted('say "x" \\'), '"say \\"x\\" \\\\"')
  assert.is(quoted(''), '""')
  assert.is(quoted('#'), '"#"')
})

test('what begins a new line is refused', () => {
  for (const word of ['a\nCOMMIT', 'a\r', 'a\0b', '\x7f'])
    assert.match(String(whyNoCondition(word)), 'control character')
})

test('commands, targets and options of the program are no conditions', () => {
  const words = [
    '-j',
    '-jACCEPT',
    '--jump',
    '--jump=DROP',
    '-g',
    '-A',
    '--append',
    '-X',
    '-t',
    '--table',
    '-p',
    '-w',
  ]
  for (const word of words) assert.match(String(whyNoCondition(word)), 'is no condition', word)
})

test('matches are conditions', () => {
  const words = [
    '!',
    '-s',
    '-d',
    '-i',
    'eth0',
    '-m',
    'set',
    '--match-set',
    '--set',
    '--pol',
    '10.0.0.0/8',
    '-o',
    '-f',
  ]
  for (const word of words) assert.is(whyNoCondition(word), undefined, word)
})

test.run()
