/** Faults in system calls are in the test build only: the shipped executables ignore their variables. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { type BuildName, engines } from '../../scripts/build/target.ts'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { test } from '../harness/test.ts'

const work = mkdtempSync(join(tmpdir(), 'patchbay-faults-'))
const calls = join(work, 'calls')
const firstRead = (action: string) => ({ PATCHBAY_FAULT: `${syscallNumbers.read}:1:${action}` })
const EIO = '5'

/** The outcome of a VERSION, which reads its standard input. */
async function answer(build: BuildName, env: Record<string, string> = {}) {
  const options = { extendEnv: false, reject: false, input: '{"cniVersion":"1.0.0"}' } as const
  const call = { env: { CNI_COMMAND: 'VERSION', ...env }, ...options }
  const { exitCode, signal, stdout, stderr } = await execa(join(directoryOf(build), 'bridge'), call)
  return { exitCode, signal, stdout, stderr }
}

for (const engine of engines)
  test(`the shipped executable ignores the variables of faults: ${engine}`, async () => {
    const usual = await answer(engine)
    assert.equal([usual.exitCode, usual.stderr], [0, ''])
    const others: Record<string, string>[] = [{ PATCHBAY_CALLS: calls }, { PATCHBAY_HASTE: '1000' }]
    for (const env of [firstRead(EIO), firstRead('kill'), firstRead('stop'), ...others])
      assert.equal(await answer(engine, env), usual)
    assert.not.ok(existsSync(calls))
    const executable = readFileSync(join(directoryOf(engine), 'patchbay'))
    for (const name of ['FAULT', 'CALLS', 'HASTE'])
      assert.not.ok(executable.includes(`PATCHBAY_${name}`), name)
  })

test('the test build answers as the shipped one, and lists its calls', async () => {
  await ensureBuilt('test')
  assert.equal(await answer('test', { PATCHBAY_CALLS: calls }), await answer('quickjs'))
  const { read, write } = syscallNumbers
  const lines = readFileSync(calls, 'utf8').split('\n')
  for (const line of [`${read}:1`, `${read}:2`, `${write}:1`]) assert.ok(lines.includes(line), line)
})

test('in the test build a call fails, or the process is killed before it', async () => {
  const usual = await answer('test')
  assert.not.equal(await answer('test', firstRead(EIO)), usual)
  assert.equal(await answer('test', { PATCHBAY_FAULT: `${syscallNumbers.read}:9:${EIO}` }), usual)
  const { signal, stdout } = await answer('test', firstRead('kill'))
  assert.equal([signal, stdout], ['SIGKILL', ''])
})

test.after(() => rmSync(work, { recursive: true }))

test.run()
