import * as assert from 'uvu/assert'
import { mayShareNetns, readParameters } from '../../../shared/cni/environment.ts'
import type { CniError } from '../../../shared/error/error.ts'
import { test } from '../../harness/test.ts'
import { environment } from './fixtures/call.ts'

function complaint(env: Record<string, string>): CniError {
  try {
    readParameters(env)
  } catch (error) {
    return error as CniError
  }
  throw new Error('nothing was wrong')
}

const required: Record<string, string[]> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
  VERSION: [],
  FROB: [],
}

for (const [command, variables] of Object.entries(required)) {
  test(`${command} needs ${variables.join(', ') || 'nothing but CNI_COMMAND'}`, () => {
    for (const variable of Object.keys(environment)) {
      for (const env of [
        { ...environment, CNI_COMMAND: command, [variable]: '' },
        Object.fromEntries(
          Object.entries({ ...environment, CNI_COMMAND: command }).filter(([key]) => key !== variable),
        ),
      ]) {
        if (!variables.includes(variable)) assert.is(readParameters(env).command, command)
        else {
          assert.is(complaint(env).code, 4)
          assert.is(complaint(env).message, `required env variables [${variable}] missing`)
        }
      }
    }
  })
}

test('all missing variables are named at once, in the order of the reference', () => {
  const { message } = complaint({ CNI_COMMAND: 'ADD' })
  assert.is(message, 'required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing')
})

test('an invalid value is reported before missing ones', () => {
  const { code, message, details } = complaint({ CNI_COMMAND: 'ADD', CNI_CONTAINERID: '../etc' })
  assert.is(code, 4)
  assert.is(message, 'invalid characters in containerID')
  assert.match(details, '../etc')
})

test('a container ID begins with a letter or digit and has no characters that are special in a path', () => {
  for (const bad of ['-a', '_a', '.a', 'a/b', 'a b', 'a:b', 'ä', 'a\n', '..']) {
    assert.is(
      complaint({ ...environment, CNI_COMMAND: 'DEL', CNI_CONTAINERID: bad }).message,
      'invalid characters in containerID',
      bad,
    )
  }
  for (const good of ['a', '0', 'a-b_c.d', 'x'.repeat(300)]) {
    const env = { ...environment, CNI_COMMAND: 'DEL', CNI_CONTAINERID: good }
    assert.is(readParameters(env).containerID, good)
  }
})

test('an interface name must be one that the kernel allows', () => {
  const said: Record<string, string> = {
    'a/b': 'interface name contains / or : or whitespace characters',
    'a:b': 'interface name contains / or : or whitespace characters',
    'a b': 'interface name contains / or : or whitespace characters',
    'a\u2003b': 'interface name contains / or : or whitespace characters',
    '.': 'interface name is . or ..',
    '..': 'interface name is . or ..',
    '0123456789abcdef': 'interface name is too long',
    // 8 letters of 2 bytes each: 16 bytes
    ääääääää: 'interface name is too long',
  }
  for (const [ifname, message] of Object.entries(said)) {
    const error = complaint({ ...environment, CNI_COMMAND: 'ADD', CNI_IFNAME: ifname })
    assert.is(error.code, 4)
    assert.is(error.message, message)
  }
  for (const ifname of ['eth0', '0123456789abcde', 'eth0.100', 'äöü']) {
    assert.is(readParameters({ ...environment, CNI_COMMAND: 'ADD', CNI_IFNAME: ifname }).ifname, ifname)
  }
})

test('names that a command does not need are not validated', () => {
  const env = { ...environment, CNI_COMMAND: 'STATUS', CNI_CONTAINERID: '../x', CNI_IFNAME: 'a/b' }
  assert.is(readParameters(env).command, 'STATUS')
})

test('CNI_PATH is split into its directories', () => {
  assert.equal(readParameters({ ...environment, CNI_COMMAND: 'ADD', CNI_PATH: '/a::/b:' }).path, ['/a', '/b'])
})

test('CNI_NETNS_OVERRIDE is 1 or true, in any case', () => {
  assert.ok(['1', 'true', 'TRUE'].every((value) => mayShareNetns({ CNI_NETNS_OVERRIDE: value })))
  assert.not(['', '0', 'false', 'yes'].some((value) => mayShareNetns({ CNI_NETNS_OVERRIDE: value })))
  assert.not(mayShareNetns({}))
})

test.run()
