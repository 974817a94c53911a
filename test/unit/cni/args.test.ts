import * as assert from 'uvu/assert'
import { parseArgs, splitArgs } from '../../../shared/cni/args.ts'
import { test } from '../../harness/test.ts'

const message = (text: string, understood: string[] = []) => {
  try {
    parseArgs(text, understood)
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

test('pairs are read', () => {
  assert.equal(parseArgs('MAC=02:00:00:00:00:01;IP=10.0.0.2', ['MAC']), {
    MAC: '02:00:00:00:00:01',
    IP: '10.0.0.2',
  })
  assert.equal(parseArgs('', []), {})
})

test('keys that any plugin of the suite knows are accepted, because delegates inherit them', () => {
  assert.is(message('MAC=a;IP=b;GATEWAY=c'), undefined)
})

test('unknown keys are refused unless IgnoreUnknown is set', () => {
  assert.is(message('FOO=1;MAC=a;BAR=2'), 'ARGS: unknown args ["FOO=1" "BAR=2"]')
  assert.is(message('IgnoreUnknown=0;FOO=1'), 'ARGS: unknown args ["FOO=1"]')
  assert.is(message('FOO=1', ['FOO']), undefined)
  assert.equal(parseArgs('IgnoreUnknown=1;K8S_POD_NAME=web', []).K8S_POD_NAME, 'web')
  assert.is(message('FOO=1;IgnoreUnknown=TRUE'), undefined)
})

test('keys are case-sensitive', () => {
  assert.is(message('mac=a'), 'ARGS: unknown args ["mac=a"]')
})

test('text without a key and a value is refused', () => {
  assert.is(message('MAC'), 'ARGS: invalid pair "MAC"')
  assert.is(message('MAC=a=b'), 'ARGS: invalid pair "MAC=a=b"')
  assert.is(message('MAC=a;'), 'ARGS: invalid pair ""')
})

test('IgnoreUnknown is a boolean', () => {
  assert.is(message('IgnoreUnknown=yes;FOO=1'), 'ARGS: boolean unmarshal error: invalid input yes')
})

test('a plugin that does not use CNI_ARGS accepts any, and the well-formed pairs remain', () => {
  assert.equal(splitArgs('FOO=1;;x;A=b=c;__proto__=2'), JSON.parse('{"FOO":"1","__proto__":"2"}'))
})

test.run()
