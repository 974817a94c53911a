import * as assert from 'uvu/assert'
import { pausesOf } from '../../../../cli/agent/pool/pauses.ts'
import { test } from '../../../harness/test.ts'

const always = () => 1

test('what fails again and again has longer and longer pauses, and delays nothing else', () => {
  const pauses = pausesOf(always)
  pauses.failed('blue', 0)
  assert.is(pauses.next(), 1000)
  assert.ok(pauses.isPaused('blue', 999))
  assert.not.ok(pauses.isPaused('blue', 1000))
  assert.not.ok(pauses.isPaused('green', 0))
  pauses.failed('blue', 1000)
  assert.is(pauses.next(), 3000)
  pauses.shorten()
  assert.is(pauses.next(), 2000)
})

test('a success, or that it is not to be done any more, ends the pauses', () => {
  const pauses = pausesOf(always)
  pauses.failed('blue', 0)
  pauses.failed('green', 0)
  pauses.ended('blue')
  assert.not.ok(pauses.isPaused('blue', 0))
  assert.equal(pauses.only(new Set(['blue'])), ['green'])
  assert.is(pauses.next(), Number.POSITIVE_INFINITY)
})

test.run()
