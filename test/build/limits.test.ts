/** An executable under small limits (setrlimit(2)) answers in JSON, and is never killed by a signal. */

import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { test } from '../harness/test.ts'

const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: '/p' }

/** The outcome of a bridge's ADD under a limit of bash's `ulimit`. */
async function under(limit: string, config: string, more: Record<string, string> = {}) {
  const executable = join(directoryOf('quickjs'), 'bridge')
  const script = `ulimit ${limit} && exec "$0"`
  const options = { env: { ...env, ...more }, extendEnv: false, input: config, reject: false } as const
  return execa('bash', ['-c', script, executable], options)
}

const nested = (depth: number) =>
  `{"cniVersion":"1.0.0","name":"n","type":"bridge","args":${'['.repeat(depth)}${']'.repeat(depth)}}`

test.before(() => ensureBuilt('quickjs'))

for (const kilobytes of ['unlimited', '8192', '1024', '256', '64'])
  test(`a configuration nested too deeply is refused with a stack of ${kilobytes} KB`, async () => {
    for (const depth of [100_000, 4_000, 1_000]) {
      const { exitCode, stdout } = await under(`-s ${kilobytes}`, nested(depth))
      assert.is(exitCode, 1, `${depth}`)
      assert.match(JSON.parse(stdout).msg, /nested (too deeply|deeper than)/, `${depth}`)
    }
  })

test('a configuration of 200 levels needs 128 KB of stack; with too little the remedy is to raise its limit', async () => {
  const { msg } = JSON.parse((await under('-s 128', nested(199))).stdout)
  assert.match(msg, 'args is [[[')
  for (const kilobytes of [40, 48, 64]) {
    const { details } = JSON.parse((await under(`-s ${kilobytes}`, nested(199))).stdout)
    assert.match(details, 'ulimit -s, LimitSTACK=', `${kilobytes}`)
  }
})

test('1 GB of address space cuts no recursion', async () => {
  const { stdout } = await under(`-v ${1 << 20}`, nested(1_000))
  assert.match(JSON.parse(stdout).msg, /nested deeper than/)
})

test('the stack’s limit includes what the environment takes', async () => {
  const { stdout } = await under('-s 256', nested(100_000), { LARGE: 'x'.repeat(100_000) })
  assert.match(JSON.parse(stdout).msg, /nested too deeply/)
})

/** A configuration with a mistake, and with values that take some hundred bytes of memory each. */
const large = (values: number) =>
  `{"cniVersion":"1.0.0","name":"n","type":"bridge","hairpinMode":"yes","args":[${'{"a":1},'.repeat(values)}0]}`

// With less than 5.4 MB the kernel itself cannot start the executable: it kills it.
test('a call with a small configuration needs no more than 5.6 MB of address space', async () => {
  for (const kilobytes of [5_600, 6_000, 7_000]) {
    const { stdout } = await under(`-v ${kilobytes}`, large(100))
    assert.is(JSON.parse(stdout).code, 7, `${kilobytes}`)
  }
})

test('when memory runs out the answer is an error in JSON', async () => {
  for (let kilobytes = 5_600; kilobytes < 24_000; kilobytes += 1_900)
    for (const config of [large(2_000), large(30_000), nested(100_000)]) {
      const { exitCode, stdout } = await under(`-v ${kilobytes}`, config)
      assert.is(exitCode, 1, `${kilobytes}`)
      const { code, msg } = JSON.parse(stdout)
      if (code !== 7 && config !== nested(100_000)) assert.match(msg, /out of memory$/, `${kilobytes}`)
      assert.ok([5, 6, 7, 999].includes(code), `${kilobytes}: ${code}`)
    }
})

test.run()
