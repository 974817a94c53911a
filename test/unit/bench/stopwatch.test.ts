import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { callsIn } from '../../bench/count.ts'
import { withMeasured } from '../../bench/page.ts'
import { isVersion } from '../../bench/peer.ts'
import { compile, measure, outputOf, sampleOf, together } from '../../bench/stopwatch.ts'
import { test } from '../../harness/test.ts'
import { sample } from './samples.ts'

test('a group of calls is one sample: costs are summed, memory is the largest, and the time is from first to last', () => {
  const found = sampleOf('0 5000000 1000 2000 10 1000\n3 7000000 1000 0 5 4000\n8000000\n')
  assert.equal(found, { status: 3, wall: 8, user: 2, system: 2, faults: 15, memory: 4.096 })
})

test('plugins of a chain are called one after another: their times are summed', () => {
  const { wall, faults, memory, status } = together([sample(2), sample(3, { memory: 9, status: 1 })])
  assert.equal([wall, faults, memory, status], [5, 200, 9, 1])
})

test('the stopwatch runs calls with their own input, output and environment, some at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-stopwatch-'))
  try {
    const stopwatch = await compile('stopwatch', directory)
    const calls = ['a', 'b', 'c'].map((name) => {
      const [input, output] = [join(directory, `${name}.in`), join(directory, `${name}.out`)]
      writeFileSync(input, name)
      const command = ['/bin/sh', '-c', 'sleep 0.2; echo "$(cat) $WORD"; exit 4']
      return { command, environment: { WORD: name.toUpperCase() }, input, output }
    })
    const { wall, status } = measure(stopwatch, calls, 3)
    assert.equal(
      calls.map(({ output }) => outputOf(output)),
      ['a A', 'b B', 'c C'],
    )
    assert.is(status, 4)
    assert.ok(wall > 200, `${wall} ms`)
    const missing = [{ command: ['/none'], environment: {}, input: '/dev/null', output: '/dev/null' }]
    assert.throws(() => measure(stopwatch, missing, 1), /\/none: No such file/)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test("system calls are the sum of strace's tables, without those that are not to be counted", () => {
  const one =
    '    calls syscall\n--------- ------\n        2 execve\n       38 mmap\n--------- ------\n       40 total\n'
  assert.is(callsIn(one + one), 80)
  assert.is(callsIn(one, ['mmap']), 2)
})

test('a Debian version is that of a release, also behind the name of the package', () => {
  assert.ok(isVersion('1.9.1+ds1-2', '1.9.1'))
  assert.ok(isVersion('containernetworking-plugins\t1.1.1+ds1-3+b5', '1.1.1'))
  assert.not.ok(isVersion('1.9.10+ds1-2', '1.9.1'))
})

test('the page keeps what is written by hand around the measured part', () => {
  const page = 'a\n<!-- measured -->\nold\n<!-- /measured -->\nb\n'
  assert.is(withMeasured(page, 'new'), 'a\n<!-- measured -->\nnew\n<!-- /measured -->\nb\n')
  assert.throws(() => withMeasured('nothing', 'new'), /has no <!-- measured -->/)
})

test.run()
