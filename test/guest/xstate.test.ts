/** The library that lets an old kernel run on a new processor (xstate.c): states that end early are accepted, on any processor. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { run } from '../../scripts/run.ts'
import { test } from '../harness/test.ts'
import { runInGuest } from './boot.ts'
import { compile, guestKernel } from './kernel.ts'

const EFAULT = 14

const directory = mkdtempSync(join(tmpdir(), 'patchbay-xstate-'))
test.after(() => rmSync(directory, { recursive: true }))

const probe = join(directory, 'probe')
const [env = '', ...preload] = (await guestKernel('6.1')).command.slice(0, -1)
await compile('xstate-probe.c', probe)

test('the host refuses a floating-point state that ends early', async () => {
  assert.is(await run(probe, []), `refused ${EFAULT}`)
})

test('with the library that the old kernel is started with, the host accepts it: the part is set, the rest is kept', async () => {
  assert.is(await run(env, [...preload, probe]), 'taken, changed, rest kept')
})

test('the old kernel boots and calculates floating-point numbers correctly', async () => {
  const { stdout } = await runInGuest(['awk', 'BEGIN { print 1.5 * 2.25 }'], { kernel: '6.1' })
  assert.is(stdout, '3.375\n')
})

test.run()
