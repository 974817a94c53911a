import { setTimeout as wait } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { type Job, poolOf } from '../../runner/pool.ts'

/** Jobs that record when they begin, and how many ran at once. */
function jobs() {
  const begun: string[] = []
  let [running, most] = [0, 0]
  const job = (name: string, seconds = 1, isBusy = false): Job => ({
    ...{ seconds, isBusy },
    run: async () => {
      begun.push(name)
      most = Math.max(most, ++running)
      await wait(5)
      running--
    },
  })
  return { job, begun, most: () => most }
}

test('the longest jobs begin first, as many at once as there are workers', async () => {
  const { job, begun, most } = jobs()
  const pool = poolOf(2)
  pool.add(job('short', 1), job('long', 30), job('middle', 7))
  await pool.done()
  assert.equal([begun, most()], [['long', 'middle', 'short'], 2])
})

test('of busy jobs not more run than may, and others take their place', async () => {
  const { job, begun, most } = jobs()
  const pool = poolOf(3, 1)
  pool.add(job('busy', 9, true), job('busy too', 8, true), job('busy last', 7, true))
  pool.add(job('waits', 2), job('waits too', 1))
  await pool.done()
  assert.equal([begun, most()], [['busy', 'waits', 'waits too', 'busy too', 'busy last'], 3])
})

test('a job can add others, and the pool ends after them', async () => {
  const { job, begun } = jobs()
  const pool = poolOf(1)
  pool.add({ seconds: 2, run: async () => pool.add(job('added', 5)) }, job('given'))
  await pool.done()
  assert.equal(begun, ['added', 'given'])
})

test('a pool without jobs ends', async () => {
  await poolOf(2).done()
})

test('the error of a job is the pool’s', async () => {
  const pool = poolOf(2)
  pool.add({ seconds: 1, run: () => Promise.reject(new Error('no disk')) })
  assert.match(String(await pool.done().catch(String)), 'no disk')
})

test.run()
