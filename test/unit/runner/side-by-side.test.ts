import { setTimeout as wait } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { sideBySide } from '../../runner/side-by-side.ts'

/** Jobs that record when they begin and end, and how many ran at once. */
function jobs() {
  const running = new Set<string>()
  const seen: string[][] = []
  const job = (name: string) => async () => {
    running.add(name)
    seen.push([...running].sort())
    await wait(5)
    running.delete(name)
    return name
  }
  return { job, seen }
}

test('results are in the order of the jobs', async () => {
  const { job } = jobs()
  const outcomes = sideBySide([job('a'), job('b')], [job('x'), job('y'), job('z')], 3)
  assert.equal(await Promise.all(outcomes), ['a', 'b', 'x', 'y', 'z'])
})

test('exclusive jobs run in turn, the others beside them, never more at once than there are workers', async () => {
  const { job, seen } = jobs()
  await Promise.all(sideBySide(['a', 'b', 'c'].map(job), ['x', 'y', 'z'].map(job), 2))
  assert.ok(seen.some((names) => names.length === 2))
  assert.not(seen.some((names) => names.length > 2))
  assert.not(seen.some((names) => names.filter((name) => name < 'd').length > 1))
})

test('one worker runs everything, the exclusive jobs first', async () => {
  const { job, seen } = jobs()
  await Promise.all(sideBySide([job('a'), job('b')], [job('x')], 1))
  assert.equal(seen, [['a'], ['b'], ['x']])
})

test('a job that throws does not stop the others', async () => {
  const { job } = jobs()
  const broken = () => Promise.reject(new Error('broken'))
  const [first, second] = await Promise.allSettled(sideBySide([broken, job('b')], [], 2))
  assert.equal([first?.status, second?.status], ['rejected', 'fulfilled'])
})

test.run()
