import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { type Executables, makeExecutables, sourcesOf } from '../../coverage/executables.ts'
import { nothingExecuted, takeReports } from '../../coverage/executed.ts'
import { linesOf } from '../../coverage/lines.ts'
import { test } from '../../harness/test.ts'

const root = join(import.meta.dirname, '../../..')
/** Below the root, where packages are found. */
mkdirSync(join(root, 'dist'), { recursive: true })
const directory = mkdtempSync(join(root, 'dist/coverage-test-'))
let made: Executables

test.before(async () => {
  made = await makeExecutables(directory)
})
test.after(() => rmSync(directory, { recursive: true }))

const sizes = new Map(['main.ts', 'shared/cni/run.ts'].map((file) => [file, 10_000]))

/** Calls loopback for its version. */
const version = (env: Record<string, string> = {}) =>
  execa(join(made.bin, 'loopback'), {
    env: { PATH: process.env.PATH, CNI_COMMAND: 'VERSION', ...env },
    extendEnv: false,
    input: '{"cniVersion":"1.0.0"}',
    reject: false,
  })

test('an executable answers as the plugin by whose name it is called, and its process reports what it executed', async () => {
  const { stdout } = await version()
  assert.ok(JSON.parse(stdout).supportedVersions.includes('1.1.0'))
  const executed = nothingExecuted(sizes)
  assert.is(takeReports(executed, made.reports, made.sources), 1)
  const source = readFileSync(join(root, 'main.ts'), 'utf8')
  const lines = source.split('\n')
  const missed = linesOf(source, executed.get('main.ts') ?? new Uint8Array()).missed.map(
    (line) => lines[line - 1],
  )
  assert.ok(missed.some((line) => line?.includes('operate')))
  assert.not(missed.some((line) => line?.includes('isCalledByRuntime')))
})

test('a call fails on request, and is listed, as in the engine of test/engine/faults.c', async () => {
  const calls = join(directory, 'calls')
  await version({ PATCHBAY_CALLS: calls })
  const made = readFileSync(calls, 'utf8').trim().split('\n')
  const [last = ''] = made.filter((line) => line.endsWith(':1')).slice(-1)
  const { stdout, exitCode } = await version({ PATCHBAY_FAULT: `${last}:5` })
  assert.is.not(exitCode, 0, `${last} of ${made}`)
  assert.not(stdout.includes('supportedVersions'))
})

test('a process that is killed on request reports what it executed until then', async () => {
  takeReports(nothingExecuted(sizes), made.reports, made.sources)
  const { signal } = await version({ PATCHBAY_FAULT: '0:1:kill' })
  const executed = nothingExecuted(sizes)
  assert.equal([signal, takeReports(executed, made.reports, made.sources)], ['SIGKILL', 1])
  assert.ok(executed.get('shared/cni/run.ts')?.includes(1))
})

test('the sources are those of the Node executable', async () => {
  const sources = await sourcesOf()
  assert.ok(sources.includes('plugins/bridge/plugin.ts'))
  for (const file of sources) assert.ok(existsSync(join(root, file)), file)
  assert.not(sources.some((file) => file.includes('node_modules') || file.startsWith('engine/quickjs/')))
})

test.run()
