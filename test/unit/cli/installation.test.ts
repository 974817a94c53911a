/** What `patchbay install` reads of a command line, and the paths that it computes. */

import * as assert from 'uvu/assert'
import { type Kind, parse } from '../../../cli/installation/arguments.ts'
import { relativePath } from '../../../cli/installation/places.ts'
import { beside } from '../../../cli/installation/source.ts'
import { test } from '../../harness/test.ts'

const flags: Record<string, Kind> = {
  '--to': 'one',
  '--netavark': 'optional',
  '--conf': 'many',
  '--check': 'none',
}

function refused(words: string[]): string {
  try {
    parse(words, flags)
  } catch (error) {
    return String((error as Error).message)
  }
  return ''
}

test('a flag takes one value, many to the next flag, or one behind = alone', () => {
  const given = parse(['--conf', 'a', 'b', '--to=/x', '--netavark=/n', '--check'], flags)
  assert.equal(
    [...given],
    [
      ['--conf', ['a', 'b']],
      ['--to', ['/x']],
      ['--netavark', ['/n']],
      ['--check', []],
    ],
  )
  assert.equal(
    [...parse(['--to', '/x', '--to', '/y', '--netavark'], flags)],
    [
      ['--to', ['/x', '/y']],
      ['--netavark', []],
    ],
  )
})

test('a missing, empty or needless value, an unknown flag and a word too many are refused', () => {
  assert.match(refused(['--to']), '--to needs a value')
  assert.match(refused(['--to', '--check']), '--to needs a value')
  assert.match(refused(['--to=']), 'no name of a file')
  assert.match(refused(['--to', 'a\nb']), 'no name of a file')
  assert.match(refused(['--check=1']), 'takes no value')
  assert.match(refused(['--chekc']), 'did you mean --check?')
  assert.match(refused(['--netavark', '/n']), 'unexpected word "/n"')
  assert.match(refused(['--constructor']), 'unknown flag')
})

test('the relative path from one directory to a file', () => {
  assert.is(
    relativePath('/usr/local/libexec/netavark', '/opt/cni/bin/patchbay'),
    '../../../../opt/cni/bin/patchbay',
  )
  assert.is(relativePath('/opt/cni', '/opt/cni/bin/patchbay'), 'bin/patchbay')
  assert.is(relativePath('/', '/bin/patchbay'), 'bin/patchbay')
})

test("the other engine's executable is in the directory that differs in the engine's name", () => {
  assert.is(beside('/d/node/patchbay', 'quickjs'), '/d/quickjs/patchbay')
  assert.is(
    beside('/d/patchbay-1-linux-x64-node/bin/patchbay', 'quickjs'),
    '/d/patchbay-1-linux-x64-quickjs/bin/patchbay',
  )
  assert.is(beside('/usr/lib/patchbay/patchbay', 'quickjs'), undefined)
})

test.run()
