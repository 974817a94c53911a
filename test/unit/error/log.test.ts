import * as assert from 'uvu/assert'
import { stderrLog } from '../../../shared/error/log.ts'
import { test } from '../../harness/test.ts'

function lines(traceparent: string | undefined, message: string): string[] {
  const said: string[] = []
  const log = stderrLog('bridge', traceparent, (line) => void said.push(line))
  log.warn(message)
  log.info(message)
  return said
}

test('a message is one line that begins with the plugin', () => {
  assert.equal(lines(undefined, 'careful'), [
    'patchbay bridge: warning: careful',
    'patchbay bridge: info: careful',
  ])
})

test('a message contains the trace', () => {
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  assert.is(lines(trace, 'careful')[0], `patchbay bridge: warning: careful (traceparent=${trace})`)
})

test('a message does not contain a malformed trace', () => {
  const parent = 'b7ad6b7169203331'
  for (const bad of [
    'x',
    '',
    `00-0AF7651916CD43DD8448EB211C80319C-${parent}-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${parent}-01\nfake: line`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    `ff-0af7651916cd43dd8448eb211c80319c-${parent}-01`,
  ]) {
    assert.is(lines(bad, 'careful')[0], 'patchbay bridge: warning: careful', bad)
  }
})

test('a message cannot forge a second line or move the cursor', () => {
  assert.is(lines('', 'a\nb\r\u001b[2Jc\u009bd')[0], 'patchbay bridge: warning: a b [2Jc d')
})

test.run()
