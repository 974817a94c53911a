/** Programs that run: `patchbay` executes what is believed to be a runtime, to ask for its version. */

import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as assert from 'uvu/assert'
import { processesOf } from '../../../cli/host/processes.ts'
import { test } from '../../harness/test.ts'
import { until } from '../../harness/until.ts'

const OTHER = 65534

test('a process that a user has named like a runtime is none', async () => {
  const directory = mkdtempSync(`${tmpdir()}/patchbay-`)
  const name = `rt${process.pid}`
  const isRoot = process.getuid?.() === 0
  copyFileSync('/bin/sleep', `${directory}/${name}`)
  chmodSync(directory, 0o755)
  const run = (uid?: number) =>
    spawn(`${directory}/${name}`, ['60'], isRoot && uid !== undefined ? { uid } : {})
  const started = isRoot ? [run(OTHER), run()] : [run()]
  try {
    const hasName = ({ pid }: { pid?: number }) => readFileSync(`/proc/${pid}/comm`, 'utf8') === `${name}\n`
    await until('all are executed', () => started.every(hasName))
    const found = processesOf([name]).map(({ pid }) => pid)
    assert.equal(found, isRoot ? [started[1]?.pid] : [])
  } finally {
    for (const one of started) one.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  }
})

test.run()
