import { constants } from 'node:os'
import * as assert from 'uvu/assert'
import { Errno, errnoName, isErrno, KernelError, tolerate } from '../../../shared/kernel/errno.ts'
import { test } from '../../harness/test.ts'

test("every errno has the number that this machine's libc gives it", () => {
  const known = constants.errno as Record<string, number>
  for (const [name, number] of Object.entries(Errno)) {
    if (name in known) assert.is(number, known[name], name)
  }
})

test('every errno that libc has, has its name', () => {
  const aliases = ['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP']
  for (const [name, number] of Object.entries(constants.errno))
    if (!aliases.includes(name)) assert.is(errnoName(number), name)
})

test('an error says what was attempted, the errno and the kernel’s own words', () => {
  const error = new KernelError(Errno.EBUSY, 'create macvlan m0', {
    extack: 'Device is in use',
    reproduce: 'ip link add m0',
  })
  assert.is(error.message, 'create macvlan m0: EBUSY (Device is in use)')
  assert.is(error.reproduce, 'ip link add m0')
})

test('an errno without a name keeps its number', () => {
  assert.is(errnoName(9999), 'errno 9999')
})

test('tolerated errors count as success, others are thrown again', () => {
  const fail = (errno: number) => () => {
    throw new KernelError(errno, 'try')
  }
  assert.is(tolerate(fail(Errno.ENOENT), 'ENOENT'), undefined)
  assert.throws(
    () => tolerate(fail(Errno.EPERM), 'ENOENT'),
    (error: unknown) => isErrno(error, 'EPERM'),
  )
})

test.run()
