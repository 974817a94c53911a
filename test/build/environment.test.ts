/** Which environment variables change an executable's behaviour: those in docs/environment.md. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { type EngineName, engines } from '../../scripts/build/target.ts'
import { suite } from '../harness/test.ts'

const work = mkdtempSync(join(tmpdir(), 'patchbay-environment-'))
const mark = join(work, 'mark')
const script = join(work, 'script.cjs')
writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`)

/** Variables that change what other programs do, with values whose effect would be visible. */
const others: Record<string, string> = {
  HOME: '/nonexistent',
  PATH: '/nonexistent',
  TMPDIR: '/nonexistent',
  LANG: 'tr_TR.UTF-8',
  LC_ALL: 'tr_TR.UTF-8',
  TZ: 'America/St_Johns',
  PWD: '/nonexistent',
  NODE_OPTIONS: `--require=${script}`,
  NODE_PATH: work,
  NODE_DEBUG: 'fs,module,child_process',
  NODE_PENDING_DEPRECATION: '1',
  NODE_EXTRA_CA_CERTS: '/nonexistent',
  UV_THREADPOOL_SIZE: 'x',
}

/** Variables that only a dynamically linked program, or Node, reads. */
const loader: Record<string, string> = {
  LD_DEBUG: 'all',
  LD_LIBRARY_PATH: work,
  LD_PRELOAD: join(work, 'nothing.so'),
  LD_SHOW_AUXV: '1',
  MALLOC_CHECK_: '3',
  MALLOC_PERTURB_: '85',
  NODE_REPL_EXTERNAL_MODULE: script,
  NODE_V8_COVERAGE: join(work, 'coverage'),
  NODE_COMPILE_CACHE: join(work, 'cache'),
}

const ignored: Record<EngineName, Record<string, string>> = {
  quickjs: { ...others, ...loader },
  node: others,
}

/** A configuration that is refused: the answer contains the words of an error. */
const config = JSON.stringify({ cniVersion: '1.0.0', name: 'n', type: 'bridge', hairpinMode: 'yes' })
const call = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: '/p' }

for (const engine of engines) {
  const test = suite(engine)
  const executable = join(import.meta.dirname, '../../dist', engine, 'bridge')

  /** The outcome of an ADD with additional environment variables. */
  async function answer(env: Record<string, string>) {
    const options = { env: { ...call, ...env }, extendEnv: false, input: config, reject: false } as const
    const { exitCode, stdout, stderr } = await execa(executable, options)
    return { exitCode, stdout, stderr }
  }

  for (const [name, value] of Object.entries(ignored[engine])) {
    test(`${name} changes nothing`, async () => {
      const files = readdirSync(work)
      assert.equal(await answer({ [name]: value }), await answer({}))
      assert.equal(readdirSync(work), files)
    })
  }

  test('a call’s own answer is on standard output, and nothing is on standard error', async () => {
    const { exitCode, stdout, stderr } = await answer({})
    assert.is(exitCode, 1)
    assert.is(JSON.parse(stdout).code, 7)
    assert.is(stderr, '')
  })

  test.run()
}

process.on('exit', () => rmSync(work, { recursive: true }))
