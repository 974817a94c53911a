/** The allow list's regular expressions: the answers are those of Go's package regexp, which was asked through the reference's tuning 1.9.1. */

import * as assert from 'uvu/assert'
import { matches } from '../../../plugins/tuning/regexp/match.ts'
import { cpuSeconds } from '../../harness/cpu.ts'
import { test } from '../../harness/test.ts'

const key = 'net.ipv4.conf.IFNAME.arp_notify'

const found = [
  ...[
    '^net.ipv4.conf.IFNAME.[a-z_]*$',
    '^net\\.ipv4',
    'ipv4',
    '(?i)IPV4',
    '(?i:NET)\\.ipv4',
    '\\Anet',
    'fy\\z',
    '$',
    '^',
  ],
  ...[
    '\\bnet\\b',
    '\\Bet',
    'p{1}',
    '(p|q)+_',
    '(p*)*_',
    '(|p)+',
    'p||q',
    '[[:alpha:]]+',
    '[\\d_]',
    '[a-]',
    '[]a]',
    '[^]a]',
  ],
  ...[
    '\\pL',
    '\\p{Lu}',
    '\\p{Letter}',
    '\\P{Greek}',
    '\\p{^Greek}',
    '\\x61',
    '\\x{61}',
    '\\141',
    '\\Qipv4.conf\\E',
    '\\QIFNAME',
  ],
  ...[
    '(?P<n>a)',
    '(?<n>a)',
    '(?P<n>a).(?P<n>p)',
    '(?U)a+',
    '(?s).y',
    '(?m)^net',
    'a*?r',
    'a(?i)*',
    '\\.',
    '\\S{31}',
  ],
  ...[
    '^net\\.(ipv4|ipv6)\\.conf\\.IFNAME\\.(accept_redirects|arp_notify)$',
    '(?:a{0}){5}',
    'net.ipv4.conf|x',
  ],
]

for (const expression of found) test(`matches: ${expression}`, () => assert.ok(matches(expression, key)))

const missed = [
  ...[
    '^net.ipv4$',
    '^$',
    'IPV4',
    '(?i-s:ipv5)',
    'fy\\n',
    'a{4}',
    '\\d{2}',
    '[[:^ascii:]]',
    '\\p{Greek}',
    '\\PL{32}',
  ],
  ...[
    '#',
    '# ipv4',
    'a{,2}',
    'a{01}',
    'a{1,2',
    '\\Qipv4|conf\\E',
    '\\x{1F600}',
    '\\07',
    '\\a',
    '^conf',
    'conf$',
  ],
]

for (const expression of missed)
  test(`does not match: ${expression}`, () => assert.not.ok(matches(expression, key)))

const refused: Record<string, string> = {
  '(?=x)': 'invalid or unsupported Perl syntax: `(?=`',
  '(?#c)': 'invalid or unsupported Perl syntax: `(?#`',
  '(?i-)a': 'invalid or unsupported Perl syntax: `(?i-)`',
  '(?--i)': 'invalid or unsupported Perl syntax: `(?--`',
  '(?<=a)b': 'invalid named capture: `(?<=a)b`',
  '(?P<n!>a)': 'invalid named capture: `(?P<n!>`',
  'a)': 'unexpected ): `a)`',
  '(a': 'missing closing ): `(a`',
  '[a': 'missing closing ]: `[a`',
  '[]': 'missing closing ]: `[]`',
  '[z-a]': 'invalid character class range: `z-a`',
  '[[:foo:]]': 'invalid character class range: `[:foo:]`',
  '\\p{Foo}': 'invalid character class range: `\\p{Foo}`',
  '\\p{': 'invalid character class range: `\\p{`',
  '\\p{Alphabetic}': 'invalid character class range: `\\p{Alphabetic}`',
  '\\1': 'invalid escape sequence: `\\1`',
  '\\y': 'invalid escape sequence: `\\y`',
  '\\C': 'invalid escape sequence: `\\C`',
  '\\Z': 'invalid escape sequence: `\\Z`',
  '[\\b]': 'invalid escape sequence: `\\b`',
  '\\x{110000}': 'invalid escape sequence: `\\x{110000`',
  '\\xg': 'invalid escape sequence: `\\xg`',
  'a\\': 'trailing backslash at end of expression: ``',
  '*a': 'missing argument to repetition operator: `*`',
  'a|*': 'missing argument to repetition operator: `*`',
  '{2}a': 'missing argument to repetition operator: `{2}`',
  'a**': 'invalid nested repetition operator: `**`',
  'a{2}{3}': 'invalid nested repetition operator: `{2}{3}`',
  'a{2,1}': 'invalid repeat count: `{2,1}`',
  'a{1001}': 'invalid repeat count: `{1001}`',
  '(a{100}){11}': 'invalid repeat count: `{11}`',
}

for (const [expression, words] of Object.entries(refused))
  test(`refused: ${expression}`, () =>
    assert.throws(
      () => matches(expression, key),
      (error: Error) => error.message === `error parsing regexp: ${words}`,
    ))

test('letters beyond ASCII match in either case, as Unicode folds them', () => {
  assert.ok(matches('(?i)ω', 'Ω'))
  assert.ok(matches('(?i)\\x{212a}', 'k'))
  assert.ok(matches('(?i)[à-å]', 'À'))
  assert.not.ok(matches('ω', 'Ω'))
})

test('an expression on which other engines take for ever takes no time', async () => {
  const seconds = await cpuSeconds(() => {
    assert.not.ok(matches('^(a+)+$', `${'a'.repeat(5000)}!`))
    assert.not.ok(matches('(x*)*(x*)*(x*)*y', 'x'.repeat(2000)))
  })
  assert.ok(seconds < 5)
})

test('a thousand and one groups within each other are refused, as in Go', () => {
  assert.ok(matches(`${'('.repeat(900)}n${')'.repeat(900)}`, key))
  assert.throws(() => matches(`${'('.repeat(1001)}n${')'.repeat(1001)}`, key), /nests too deeply/)
})

test.run()
