import * as assert from 'uvu/assert'
import { plainYaml } from '../../harness/plain-yaml.ts'
import { test } from '../../harness/test.ts'

test('mappings, lists, values and texts are read', () => {
  const text = [
    '# a comment',
    'name: Some words, a.b',
    'on: [push, pull_request]',
    "all: ['*']",
    '',
    'list:',
    '  - uses: a/b@v1',
    '    # another comment',
    '    with:',
    '      number: 12',
    '  - plain',
    'text: |',
    '  one: two',
    '',
    '    three # four',
    'yes: true',
  ].join('\n')
  assert.equal(plainYaml(text), {
    name: 'Some words, a.b',
    on: ['push', 'pull_request'],
    all: ['*'],
    list: [{ uses: 'a/b@v1', with: { number: 12 } }, 'plain'],
    text: 'one: two\n\n  three # four\n',
    yes: true,
  })
})

for (const [fault, text] of Object.entries({
  'a wrong indent': 'a:\n   b: 1',
  'a deeper line after a value': 'a: 1\n  b: 2',
  'a key twice': 'a: 1\na: 2',
  'a tab': 'a:\n\tb: 1',
  'a value that begins with a sign': 'a: *b',
  'a colon within a plain value': 'a: b: c',
  'a comment after a value': 'a: b # c',
  'an open list': 'a: [b',
  'a key without a value': 'a:\nb: 1',
  'an item beside keys': 'a: 1\n- b',
}))
  test(`${fault} is an error`, () => {
    assert.throws(() => plainYaml(text), 'not plain YAML')
  })

test.run()
