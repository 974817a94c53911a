import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { environment } from './fixtures/call.ts'

const path = new URL('fixtures/process.ts', import.meta.url).pathname

function run(env: Record<string, string>, input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', path], {
    env,
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('run by hand, a plugin prints its name and usage on standard error', () => {
  const { status, stdout, stderr } = run({ CNI_PATH: '/opt' })
  assert.is(status, 0)
  assert.is(stdout, '')
  assert.match(
    stderr,
    /^CNI echo plugin v1\.9\.1\+patchbay\.\S+\nCNI protocol versions supported: 0\.1\.0, .*, 1\.1\.0\n/,
  )
  assert.match(stderr, 'CNI_COMMAND=ADD')
})

test('an answer goes to standard output, and nothing else does', () => {
  const config = '{"cniVersion":"1.1.0","name":"net","tenant":"x"}'
  const { status, stdout, stderr } = run({ ...environment, CNI_COMMAND: 'ADD' }, config)
  assert.is(status, 0)
  assert.is(JSON.parse(stdout).interfaces[0].name, 'eth0')
  assert.is(stderr, 'patchbay echo: warning: keys without effect here: tenant (unknown)\n')
})

test('an error is JSON on standard output, and the exit status is 1', () => {
  const { status, stdout, stderr } = run({ ...environment, CNI_COMMAND: 'ADD' }, '{"name":')
  assert.is(status, 1)
  assert.is(JSON.parse(stdout).code, 6)
  assert.is(stderr, '')
})

test('a command without a result prints nothing', () => {
  assert.equal(run({ ...environment, CNI_COMMAND: 'DEL' }, '{"name":"net"}'), {
    status: 0,
    stdout: '',
    stderr: '',
  })
})

test('TRACEPARENT is written to the log', () => {
  const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { stderr } = run({ ...environment, CNI_COMMAND: 'ADD', TRACEPARENT }, '{"name":"net","tenant":1}')
  assert.match(stderr, `(traceparent=${TRACEPARENT})`)
})

test('a large configuration is read to its end', () => {
  const { stdout } = run(
    { ...environment, CNI_COMMAND: 'ADD' },
    JSON.stringify({ _filler: 'x'.repeat(300_000), name: 'net', cniVersion: '1.0.0' }),
  )
  assert.is(JSON.parse(stdout).cniVersion, '1.0.0')
})

test.run()
