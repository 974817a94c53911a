/** The heap that the QuickJS executable begins with (docs/engine.md): what must not get into it, and what is immortal in it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { bundle } from '../../scripts/build/bundle.ts'
import { linkEngine } from '../../scripts/build/quickjs-engine.ts'
import { makeHeap } from '../../scripts/build/snapshot.ts'
import { host } from '../../scripts/build/target.ts'
import { directoryOf, ensureBuilt } from '../harness/built.ts'
import { test } from '../harness/test.ts'

const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(root, '.cache/snapshot-'))
const engine = await linkEngine(host, work)

/** Makes the heap of a program whose module `early.ts` does something while it is evaluated. @throws the error of the build */
async function heapWith(action: string): Promise<Buffer> {
  const early = `import * as engine from '${root}/engine/quickjs/engine.ts'\nexport const found = ${action}\n`
  const entry = `export { found } from './early.ts'\nexport const begin = () => {}\nexport const prepare = async () => {}\n`
  writeFileSync(join(work, 'early.ts'), early)
  writeFileSync(join(work, 'entry.ts'), entry)
  await bundle({ engine: 'quickjs', architecture: host }, work, join(work, 'entry.ts'))
  return readFileSync(await makeHeap(host, engine, work))
}

const machine = {
  'engine.environment()': 'reads the environment',
  'engine.commandLine()': 'reads the command line',
  'engine.syscall(39)': 'calls the kernel',
  "engine.spawn({ path: '/bin/true', arguments: [], env: {}, streams: [0, 1, 2] })": 'starts a program',
  'engine.sendInBackground(0, -1, new Uint8Array(1), new Uint8Array(8192))': 'starts a process',
  'engine.exit(0)': 'ends the process',
  'Date.now()': 'asks for the time',
  'new Date()': 'asks for the time',
  'Math.random()': 'asks for a random number',
  '(() => { try { return engine.environment() } catch {} })()': 'reads the environment',
}

for (const [action, use] of Object.entries(machine))
  test(`a module fails the build, with its name, if it is evaluated with ${action}`, async () => {
    try {
      await heapWith(action)
    } catch (error) {
      assert.match(String(error), new RegExp(`${use}.*snapshot-.*early\\.ts`, 's'))
      return
    }
    assert.unreachable('the heap was made')
  })

test('what throws while it is evaluated fails the build', async () => {
  try {
    await heapWith('JSON.parse("{")')
  } catch (error) {
    assert.match(String(error), /SyntaxError.*early\.ts/s)
    return
  }
  assert.unreachable('the heap was made')
})

test('what a module computes is in the heap', async () => {
  assert.ok((await heapWith("['com', 'puted'].join('')")).includes('computed'))
})

test('a heap that does not end at the end of a page is not linked', async () => {
  const heap = join(work, 'part')
  writeFileSync(heap, Buffer.alloc(4097))
  const failed = await engine.withHeap(heap).catch((error: unknown) => error)
  assert.match(String(failed), /the heap does not end at the end of a page/)
})

test('the executable has no name of the directory and the machine on which it was built', async () => {
  await ensureBuilt('quickjs')
  const executable = readFileSync(join(directoryOf('quickjs'), 'patchbay'))
  for (const name of [root, ...(hostname().length > 5 ? [hostname()] : [])])
    assert.not.ok(executable.includes(name), name)
})

test('a stray write to an immortal object is found at the end of the engine of tests, and there is none', async () => {
  await ensureBuilt('test')
  const ask = (env: Record<string, string>) =>
    execa(join(directoryOf('test'), 'bridge'), {
      env: { CNI_COMMAND: 'VERSION', ...env },
      extendEnv: false,
      input: '{"cniVersion":"1.0.0"}',
      reject: false,
    })
  const usual = await ask({})
  assert.equal([usual.exitCode, usual.stderr], [0, ''])
  const stray = await ask({ PATCHBAY_STRAY: '1' })
  assert.is(stray.signal, 'SIGABRT')
  assert.match(stray.stderr, /^the immortal object at 0x10\w+ has been written$/)
})

test.after(() => rmSync(work, { recursive: true }))

test.run()
