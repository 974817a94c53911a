import * as assert from 'uvu/assert'
import { block } from '../../../cli/form/block.ts'
import { CniError, Code, longestMsg, printed, toCniError, withCode } from '../../../shared/error/error.ts'
import { runAll, runAllNow } from '../../../shared/error/steps.ts'
import { Errno, KernelError } from '../../../shared/kernel/errno.ts'
import { test } from '../../harness/test.ts'

const busy = {
  msg: 'macvlan cannot sit on eth0: it is a port of br0',
  hint: 'use br0 as master',
  errno: 'EBUSY',
  extack: 'Device is in use',
  see: 'ip link show dev eth0',
  reproduce: 'ip link add link eth0 m0 type macvlan',
}

const fails = (complaint: { msg: string }) => () => {
  throw new CniError(Code.Internal, complaint)
}

async function failureOf(action: () => unknown): Promise<CniError> {
  try {
    await action()
  } catch (error) {
    return error as CniError
  }
  throw new Error('expected an error')
}

test('an error keeps its fields, and its details join them', () => {
  const error = new CniError(Code.InvalidNetworkConfig, busy)
  assert.equal(error.complaint, busy)
  assert.is(
    error.details,
    'use br0 as master; kernel: EBUSY, Device is in use; see: ip link show dev eth0; reproduce: ip link add link eth0 m0 type macvlan',
  )
})

test('a terminal shows a line for each fact', () => {
  assert.is(
    block('net.conflist', { ...busy, path: '/etc/x' }),
    [
      'net.conflist: macvlan cannot sit on eth0: it is a port of br0',
      '  use br0 as master',
      '  kernel: EBUSY, Device is in use',
      '  file: /etc/x',
      '  see: ip link show dev eth0',
      '  reproduce: ip link add link eth0 m0 type macvlan',
    ].join('\n'),
  )
})

test('an error with another code keeps the fields', async () => {
  const error = await failureOf(() => withCode(Code.PluginNotAvailable, fails(busy)))
  assert.is(error.code, Code.PluginNotAvailable)
  assert.equal(error.complaint, { ...busy, cause: error.cause })
})

test('steps that fail together keep the fields of each', async () => {
  const error = await failureOf(() => runAll([fails({ msg: 'no leave' }), fails(busy)]))
  assert.is(error.message, 'no leave')
  assert.equal(error.complaint.also, [busy])
  assert.match(
    error.details,
    /^also: macvlan cannot sit on eth0: it is a port of br0 \(use br0 as master; kernel: EBUSY/,
  )
})

test('steps within steps keep the fields of all', async () => {
  const inner = () => runAllNow([fails({ msg: 'one' }), fails({ msg: 'two' })])
  const error = await failureOf(() => runAll([inner, fails({ msg: 'three' })]))
  assert.equal([error.message, error.complaint.also?.map(({ msg }) => msg)], ['one', ['two', 'three']])
})

test('a kernel error becomes one with hint, errno, explanation and commands', () => {
  const facts = { extack: 'in use', see: 'ip link', reproduce: 'ip link add' }
  const cause = new KernelError(Errno.EBUSY, 'create m0', facts)
  const { hint = '', ...others } = toCniError(cause).complaint
  assert.match(hint, 'run the command after "reproduce:"')
  assert.equal(others, { msg: 'create m0: EBUSY (in use)', errno: 'EBUSY', ...facts, cause })
})

test('the hint for a kernel error depends on its errno, else on its commands', () => {
  const hint = (errno: keyof typeof Errno, commands = {}) =>
    toCniError(new KernelError(Errno[errno], 'do it', commands)).complaint.hint ?? ''
  const command = { reproduce: 'ip link add' }
  for (const errno of ['EPERM', 'EACCES'] as const) assert.match(hint(errno, command), 'CAP_NET_ADMIN')
  for (const errno of ['ENOMEM', 'ENOBUFS'] as const) assert.match(hint(errno, command), 'memory')
  for (const errno of ['EMFILE', 'ENFILE'] as const) assert.match(hint(errno), 'open')
  assert.match(hint('ENOSPC'), 'df')
  assert.match(hint('EROFS'), 'read-only')
  assert.match(hint('EINVAL', { see: 'ip link' }), '"see:"')
  assert.match(hint('EINVAL'), 'dmesg')
})

test('the details of an unexpected error say that it is a bug', () => {
  assert.match(toCniError(new TypeError('x is undefined')).details, 'please report it')
})

test('without memory, with or without an error object, the hint is to raise the limits', () => {
  for (const thrown of [new Error('out of memory'), null, undefined]) {
    const { code, message, details } = toCniError(thrown)
    assert.equal([code, message], [999, 'out of memory'])
    assert.match(details, /ulimit -v/)
  }
})

test('without stack, on either engine, the hint is to raise its limit', () => {
  for (const words of ['stack overflow', 'Maximum call stack size exceeded']) {
    const { code, message, details } = toCniError(new RangeError(words))
    assert.equal([code, message], [999, 'stack overflow'])
    assert.match(details, /ulimit -s, LimitSTACK=/)
  }
})

test('of many errors ten are printed, and the number of the others', () => {
  const also = Array.from({ length: 20 }, (_, at) => ({ msg: `m${at}` }))
  const { details } = new CniError(Code.Internal, { msg: 'first', also })
  assert.match(details, /also: m8; and 11 more$/)
})

test('texts of megabytes are cut', () => {
  const long = 'x'.repeat(1_000_000)
  const also = [{ msg: long, details: long }]
  const { msg, details } = printed(new CniError(7, { msg: long, details: long, hint: 'do', also }))
  assert.is(msg.length, longestMsg)
  assert.ok(details.length < 20_000)
  assert.match(details, '; do; also: x')
})

test('a msg that is too long for an event is cut, and stands whole in the details', () => {
  const msg = `no address for ${'x'.repeat(300)}`
  const { msg: short, details } = printed(new CniError(Code.Internal, { msg, hint: 'widen the range' }))
  assert.is(short.length, longestMsg)
  assert.is(details, `${msg}; widen the range`)
})

test.run()
