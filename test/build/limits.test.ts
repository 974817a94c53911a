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

test('the stack’s limit includes what the environment takes', async () => {
  const { stdout } = await under('-s 256', nested(100_000), { LARGE: 'x'.repeat(100_000) })
  assert.match(JSON.parse(stdout).msg, /nested too deeply/)
})

test.run()
