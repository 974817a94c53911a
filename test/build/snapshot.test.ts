/** The heap that the QuickJS executable begins with, and the modules beside it (docs/engine.md): what must not get into it, and what is immortal in it. */

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

/** Makes the heap and the archive of a program. @param rare which of its modules are rare @throws the error of the build */
async function imageOf(modules: Record<string, string>, rare: readonly string[] = []) {
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(work, name), text)
  const target = { engine: 'quickjs', architecture: host } as const
  const paths = rare.map((name) => join(work, name))
  const { heap, archive } = await makeHeap(
    host,
    engine,
    await bundle(target, work, join(work, 'entry.ts'), paths),
    work,
  )
  return { heap: readFileSync(heap), archive: readFileSync(archive) }
}

const early = (action: string) =>
  `import * as engine from '${root}/engine/quickjs/engine.ts'\nexport const found = ${action}\n`

const usual = 'export const prepare = async () => {}\nexport const begin = () => {}\n'

/** The heap of a program whose module `early.ts` does something while it is evaluated. @throws the error of the build */
async function heapWith(action: string): Promise<Buffer> {
  const entry = `export { found } from './early.ts'\n${usual}`
  return (await imageOf({ 'early.ts': early(action), 'entry.ts': entry })).heap
}

/** The same with a rare module `early.ts`. */
const imageWithRare = (action: string, imports = "export const load = () => import('./early.ts')") =>
  imageOf({ 'early.ts': early(action), 'entry.ts': `${imports}\n${usual}` }, ['early.ts'])

async function failure(building: Promise<unknown>): Promise<string> {
  return String(
    await building.then(
      () => assert.unreachable('the heap was made'),
      (error: unknown) => error,
    ),
  )
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
    assert.match(await failure(heapWith(action)), new RegExp(`${use}.*snapshot-.*early\\.ts`, 's'))
  })

test('what throws while it is evaluated fails the build', async () => {
  assert.match(await failure(heapWith('JSON.parse("{")')), /SyntaxError.*early\.ts/s)
})

test('a rare module fails the build, too, with its name', async () => {
  for (const [action, reason] of [
    ['engine.environment()', 'reads the environment'],
    ['JSON.parse("{")', 'SyntaxError'],
  ] as const)
    assert.match(await failure(imageWithRare(action)), new RegExp(`${reason}.*snapshot-.*early\\.ts`, 's'))
})

test('a rare module is beside the heap, and what it computes is nowhere', async () => {
  const { heap, archive } = await imageWithRare("['com', 'pletely'].join('')")
  for (const [text, inHeap, inArchive] of [
    ['pletely', false, true],
    ['completely', false, false],
  ] as const)
    assert.equal([heap.includes(text), archive.includes(text)], [inHeap, inArchive], text)
})

test('a rare module that is needed to make the heap fails the build', async () => {
  const linked = "export { found } from './early.ts'"
  assert.match(
    await failure(imageWithRare('1', linked)),
    /early\.ts is rare .*, but is imported as if it were not/,
  )
  const awaited = "export const found = await import('./early.ts')"
  assert.match(await failure(imageWithRare('1', awaited)), /there is no module early-/)
})

test('what a module computes is in the heap', async () => {
  assert.ok((await heapWith("['com', 'pletely'].join('')")).includes('completely'))
})

test('a heap that does not end at the end of a page is not linked', async () => {
  const heap = join(work, 'part')
  writeFileSync(heap, Buffer.alloc(4097))
  const archive = join(work, 'none')
  writeFileSync(archive, Buffer.alloc(1))
  const failed = await engine.withHeap({ heap, archive }).catch((error: unknown) => error)
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
