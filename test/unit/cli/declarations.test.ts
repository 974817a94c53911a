/** Each verb's declaration: complete, consistent, and enough for help, completion and pages. */

import * as assert from 'uvu/assert'
import { parse } from '../../../cli/form/arguments.ts'
import { complete } from '../../../cli/form/complete.ts'
import { flagsOf, helpOf, visible } from '../../../cli/form/help.ts'
import { file } from '../../../cli/form/page.ts'
import { verbs } from '../../../cli/verbs.ts'
import { test } from '../../harness/test.ts'

const all = await visible(verbs)

test('a summary is one line without a full stop, and the meaning of a word or flag is a sentence', () => {
  for (const [name, verb] of all) {
    assert.match(verb.summary, /^[^A-Z\n][^\n]*[^.\n]$/, name)
    const meanings = [...(verb.words ?? []), ...Object.values(flagsOf(verb))].map(({ means }) => means)
    for (const means of meanings) assert.match(means, /^[A-Z`-].*[.]$/, `${name}: ${means}`)
    for (const paragraph of verb.text ?? []) assert.match(paragraph, /^[A-Z`].*\.$/s, `${name}: ${paragraph}`)
  }
})

test('no two flags of a verb have the same letter', () => {
  for (const [name, verb] of all) {
    const letters = Object.values(flagsOf(verb)).flatMap(({ short }) => short ?? [])
    assert.is(new Set(letters).size, letters.length, name)
  }
})

test('the example of each verb is a command line that it takes', () => {
  for (const [name, verb] of all) {
    const [line = ''] = verb.example.call.split(/ [>|] /) // the rest is the shell's
    const words = line.split(' ')
    const own = name.split(' ')
    assert.equal(words.slice(0, own.length), own)
    parse(words.slice(own.length), { words: verb.words, flags: flagsOf(verb) })
  }
})

test('help fits a terminal of 80 columns', () => {
  for (const [name, verb] of all)
    for (const line of helpOf(name, verb, { ...file, width: 80 }).split('\n'))
      assert.ok(line.length <= 80 || /^ +\S+$|^ {2}(patchbay|-)/.test(line), `${name}: ${line}`)
})

const words = async (...line: string[]) => (await complete(line, verbs)).candidates.map(({ word }) => word)

test('completion offers verbs, then flags, values, and kinds of names', async () => {
  const first = await words('')
  assert.equal(first, [...new Set(all.map(([name]) => name.split(' ')[0]))])
  assert.ok((await words('gc', '--')).includes('--dry-run'))
  assert.equal(await words('gc', '-o', ''), ['table', 'json', 'yaml'])
  assert.equal(await words('gc', '--output', '=', 'j'), ['table', 'json', 'yaml'])
  assert.equal(await words('completion', ''), ['bash', 'zsh', 'fish'])
  assert.is((await complete(['gc', ''], verbs)).names, 'network')
  assert.is((await complete(['install', '--to', '='], verbs)).names, 'directory')
  assert.equal(await complete(['gc', 'a', 'b', ''], verbs), { candidates: [] })
  assert.equal(await words('constructor', ''), [])
})

test.run()
