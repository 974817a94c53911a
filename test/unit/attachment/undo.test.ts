import * as assert from 'uvu/assert'
import { undoable, withUndo } from '../../../shared/attachment/undo.ts'
import { CniError } from '../../../shared/error/error.ts'
import { runAll } from '../../../shared/error/steps.ts'
import { Errno, KernelError } from '../../../shared/kernel/errno.ts'
import { test } from '../../harness/test.ts'

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.unreachable('it should have failed'),
    (error) => error,
  )
}

test('a failure undoes the finished steps in reverse order, and is thrown again', async () => {
  const done: string[] = []
  const failure = new Error('third step')
  const error = await caught(
    withUndo(async (undo) => {
      undo(() => done.push('first'))
      undo(async () => done.push('second'))
      throw failure
    }),
  )
  assert.is(error, failure)
  assert.equal(done, ['second', 'first'])
})

test('an undo that fails does not stop the others', async () => {
  const done: string[] = []
  await caught(
    withUndo(async (undo) => {
      undo(() => done.push('first'))
      undo(() => Promise.reject(new Error('cannot')))
      throw new Error('step')
    }),
  )
  assert.equal(done, ['first'])
})

test('without a failure no step is undone', async () => {
  const done: string[] = []
  const result = await withUndo(async (undo) => {
    undo(() => done.push('never'))
    return 42
  })
  assert.is(result, 42)
  assert.equal(done, [])
})

test('DEL runs every step, and reports all failures together', async () => {
  const done: string[] = []
  const error = await caught(
    runAll([
      () => done.push('one'),
      () => {
        throw new CniError(11, { msg: 'first failure', hint: 'do this' })
      },
      () => Promise.reject(new CniError(999, { msg: 'second failure' })),
      () => done.push('four'),
    ]),
  )
  assert.equal(done, ['one', 'four'])
  assert.instance(error, CniError)
  assert.is((error as CniError).code, 11)
  assert.is((error as CniError).message, 'first failure')
  assert.match((error as CniError).details, /^do this; also: second failure/)
})

test('a step that fails half way is undone too, but not one whose name existed', async () => {
  const done: string[] = []
  const step = (errno: number) =>
    withUndo(async (undo) => {
      const fail = () => {
        throw new KernelError(errno, 'make')
      }
      undoable(undo, fail, () => done.push(`taken back ${errno}`))
    })
  await caught(step(Errno.EIO))
  await caught(step(Errno.EEXIST))
  assert.equal(done, [`taken back ${Errno.EIO}`])
})

test.run()
