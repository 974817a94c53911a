/** The trace context of a caller: what is one, and what counts as none. */

import * as assert from 'uvu/assert'
import { traceContext } from '../../../shared/call-log/trace-context.ts'
import { test } from '../../harness/test.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const parent = 'b7ad6b7169203331'
const TRACEPARENT = `00-${trace}-${parent}-01`

test('a valid TRACEPARENT gives trace, parent and whether the caller records', () => {
  assert.equal(traceContext({ TRACEPARENT }), { trace, parent, flags: '01', sampled: true })
  assert.is(traceContext({ TRACEPARENT: `00-${trace}-${parent}-02` })?.sampled, false)
})

test('TRACESTATE is handed on, unless it is too long or has other characters', () => {
  const stateOf = (TRACESTATE: string) => traceContext({ TRACEPARENT, TRACESTATE })?.state
  assert.is(stateOf('vendor=1,other=2'), 'vendor=1,other=2')
  for (const wrong of ['', 'a=\n', 'a=é', 'a'.repeat(513)]) assert.is(stateOf(wrong), undefined)
})

test('an invalid TRACEPARENT is none', () => {
  const wrong = [
    ...['', 'x', `ff-${trace}-${parent}-01`, `00-${trace}-${parent}`, `${TRACEPARENT}-00`],
    ...[`00-${'0'.repeat(32)}-${parent}-01`, `00-${trace}-${'0'.repeat(16)}-01`, TRACEPARENT.toUpperCase()],
  ]
  for (const one of wrong) assert.is(traceContext({ TRACEPARENT: one }), undefined, one)
  assert.is(traceContext({}), undefined)
})

test.run()
