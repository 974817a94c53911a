/** When a lease is acted on: RFC 2131 section 4.4.5. */

import * as assert from 'uvu/assert'
import { actionAt } from '../../../../cli/dhcp/action.ts'
import { firstAttempt, nextAttempt, patienceOf, searchPause, stateAt } from '../../../../cli/dhcp/schedule.ts'
import { test } from '../../../harness/test.ts'

/** Of an hour, from a moment of the machine's life. */
const lease = { since: 1_000_000, renew: 1800, rebind: 3150, expire: 3600 }
const at = (seconds: number) => lease.since + seconds * 1000
const fromBegin = (milliseconds: number) => (milliseconds - lease.since) / 1000

test('T1, T2 and the end change the state, each at its moment', () => {
  const states = [0, 1799, 1800, 3149, 3150, 3599, 3600].map((second) => stateAt(lease, at(second)))
  assert.equal(states, ['bound', 'bound', 'renewing', 'renewing', 'rebinding', 'rebinding', 'expired'])
})

test('a lease without an end is never acted on', () => {
  assert.is(stateAt({ since: 0 }, Number.MAX_SAFE_INTEGER), 'bound')
  assert.is(firstAttempt({ since: 0 }, 0.5), Number.POSITIVE_INFINITY)
})

test('the first attempt is at T1, or up to 30 seconds before it; of a short lease up to a sixteenth', () => {
  assert.is(fromBegin(firstAttempt(lease, 0)), 1800)
  assert.is(fromBegin(firstAttempt(lease, 1)), 1770)
  assert.is(firstAttempt({ since: 0, renew: 16, rebind: 28, expire: 32 }, 1), 15_000)
})

test('a T1 of a second in a long lease is not obeyed: a minute is the least, and of a short lease an eighth', () => {
  assert.is(fromBegin(firstAttempt({ ...lease, renew: 1, rebind: 2 }, 0)), 60)
  assert.is(firstAttempt({ since: 0, renew: 1 }, 0), 60_000)
  assert.is(firstAttempt({ since: 0, renew: 1, rebind: 20, expire: 24 }, 0), 3000)
})

test('after each attempt half of the time to T2 is waited, then to the end, but a minute or more', () => {
  const times: number[] = []
  for (let now = at(1800); stateAt(lease, now) !== 'expired'; ) {
    now = nextAttempt(lease, now)
    times.push(fromBegin(now))
  }
  assert.equal(times, [2475, 2812.5, 2981.25, 3065.625, 3125.625, 3150, 3375, 3487.5, 3547.5, 3600])
})

test('the least pause of a short lease is an eighth of it', () => {
  const short = { since: 0, renew: 4, rebind: 7, expire: 8 }
  assert.equal(
    [nextAttempt(short, 4000), nextAttempt(short, 5500), nextAttempt(short, 6500)],
    [5500, 6500, 7000],
  )
})

test('an answer is waited for at most 10 seconds, and not into the next state', () => {
  assert.equal(
    [patienceOf(lease, at(1800)), patienceOf(lease, at(3147)), patienceOf(lease, at(3598))],
    [10_000, 3000, 2000],
  )
  assert.is(patienceOf(lease, at(3149.99)), 200)
})

test('pauses between searches double to five minutes, and are up to a quarter shorter', () => {
  const pauses = [0, 1, 2, 5, 7, 40].map((searches) => searchPause(searches, 1))
  assert.equal(pauses, [4000, 8000, 16_000, 128_000, 300_000, 300_000])
  assert.is(searchPause(40, 0), 225_000)
})

test('a lease that ended unnoticed is asked for once more; one whose servers were silent is not', () => {
  const unnoticed = { tries: 0, hasAddress: true }
  const actions = [0, 1800, 3150, 3600].map((second) => actionAt(lease, at(second), unnoticed))
  assert.equal(actions, ['wait', 'renew', 'rebind', 'reboot'])
  assert.is(actionAt(lease, at(3600), { tries: 3, hasAddress: true }), 'acquire')
  assert.is(actionAt(lease, at(3600), { tries: 0, hasAddress: false }), 'acquire')
})

test.run()
