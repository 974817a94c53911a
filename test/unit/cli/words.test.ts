/** Words of printed commands: whatever a name has, a shell takes it as one word. */

import { spawnSync } from 'node:child_process'
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { quoted, word } from '../../../cli/form/shell.ts'
import { commandsOf } from '../../../cli/plan/words.ts'
import { test } from '../../harness/test.ts'

/** The words that a shell makes of commands, each command a list. */
function shellWords(commands: readonly string[]): string[][] {
  const script = commands.map((command) => `printf '%s\\0' ${command}; printf '\\n\\0'`).join('\n')
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
  assert.is(stderr, '')
  return stdout
    .split('\n\0')
    .slice(0, -1)
    .map((line) => line.split('\0').slice(0, -1))
}

const names = [
  "'",
  "''",
  "a'b",
  "';touch x;'",
  '$(touch x)',
  '`x`',
  'a b',
  '-x',
  '*',
  '~',
  '"',
  '\\',
  '!!',
  'ü',
  '',
]

test('a name is one word for a shell, whatever it has', () => {
  for (const name of names) assert.equal(shellWords([word(name), quoted(name)]), [[name], [name]], name)
  const text = fc.string({ unit: 'grapheme' }).filter((one) => !/[\0\n]/.test(one))
  fc.assert(
    fc.property(text, (name) => assert.equal(shellWords([word(name)]), [[name]])),
    { numRuns: 20 },
  )
})

test('in a plan no name begins a quote that a later command ends', () => {
  const command = (name: string) => `ip link set dev ${name} up`
  const plan = commandsOf([command("'"), command(';reboot;')], '/run/netns/ctr', false)
  assert.equal(shellWords(plan), [
    ['ip', 'link', 'set', 'dev', "'", 'up'],
    ['ip', 'link', 'set', 'dev', ';reboot;', 'up'],
  ])
})

test.run()
