import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { CniError } from '../../../shared/error/error.ts'
import { withFileLock } from '../../../shared/state/lock.ts'
import { suite } from '../../harness/test.ts'
import { until } from '../../harness/until.ts'

const test = suite<{ path: string }>('lock')

test.before.each((context) => {
  context.path = join(mkdtempSync(join(tmpdir(), 'patchbay-')), 'lock')
})

test.after.each(({ path }) => rmSync(join(path, '..'), { recursive: true }))

/** Starts another process that holds the lock, for some seconds at most. */
async function holder(path: string, seconds: number) {
  const env = { ...process.env, CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'abc' }
  const held = spawn('flock', ['-F', path, 'sh', '-c', `echo held; exec sleep ${seconds}`], { env })
  await once(held.stdout, 'data')
  return held
}

test('an action under a lock returns its result, and the next one may follow', ({ path }) => {
  assert.is(
    withFileLock(path, () => 1),
    1,
  )
  assert.is(
    withFileLock(path, () => 2),
    2,
  )
})

test('an action that fails releases the lock', ({ path }) => {
  const fail = (): number => {
    throw new Error('failed')
  }
  assert.throws(() => withFileLock(path, fail), 'failed')
  assert.is(
    withFileLock(path, () => 2, 0),
    2,
  )
})

test('an action waits for a lock that is released in time', async ({ path }) => {
  await holder(path, 0.3)
  assert.is(
    withFileLock(path, () => 1, 60_000),
    1,
  )
})

test('a lock that is held too long is error 11 with the name of its holder', async ({ path }) => {
  const held = await holder(path, 600)
  const words = () => readFileSync(`/proc/${held.pid}/cmdline`, 'latin1')
  await until('the holder sleeps', () => words().startsWith('sleep\0'))
  try {
    withFileLock(path, () => assert.unreachable(), 50)
    assert.unreachable()
  } catch (error) {
    const { code, message, details } = error as CniError
    assert.is(code, 11)
    assert.is(
      message,
      `process ${held.pid} (sleep ADD of container abc) holds a lock that this call needs: try again later`,
    )
    assert.match(details, `kill -9 ${held.pid}`)
  } finally {
    held.kill()
  }
})

test('an asynchronous action does not compile', ({ path }) => {
  // @ts-expect-error the lock would be released at the first await
  withFileLock(path, async () => readFileSync(path))
})

test.run()
