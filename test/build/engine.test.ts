/** Both engines do what engine/engine.ts says, in executables built like Patchbay's. */

import { createHash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { buildNode } from '../../scripts/build/node.ts'
import { buildQuickjs } from '../../scripts/build/quickjs.ts'
import { engines, host } from '../../scripts/build/target.ts'
import type { Completed } from '../../shared/kernel/run.ts'
import { suite } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { exercise } from './engine/buffer.ts'
import { hashes } from './engine/hashes.ts'

const builders = { quickjs: buildQuickjs, node: buildNode }
const directory = await mkdtemp(join(tmpdir(), 'patchbay-engine-'))

for (const engine of engines) {
  const test = suite(engine)
  const executable = join(directory, engine)

  /** Runs one trial of program.ts. @returns its answer */
  async function trial(name: string, argument = '', env = {}): Promise<unknown> {
    const options = { extendEnv: false, env } as const
    const { stdout, stderr } = await execa(executable, [name, argument], options)
    assert.is(stderr, '')
    return JSON.parse(stdout)
  }

  const runProgram = (program: object, bounds?: object) =>
    trial('run', JSON.stringify({ program: { input: '', env: {}, ...program }, bounds }))
  const shell = (script: string) => ({ path: '/bin/sh', arguments: ['-c', script] })

  test.before(async () => {
    const work = join(directory, `${engine}.work`)
    await mkdir(work)
    await builders[engine](host, work, executable, `test/build/engine/${engine}.ts`)
  })

  test('the architecture is the processor’s', async () => {
    assert.is(await trial('architecture'), host)
  })

  test('the command line begins with argv[0] as the caller wrote it', async () => {
    assert.equal(await trial('commandLine', 'x'), [executable, 'commandLine', 'x'])
  })

  test('the environment is the caller’s, no more and no less', async () => {
    assert.equal(await trial('environment', '', { CNI_COMMAND: 'ADD', B: 'b=c' }), {
      CNI_COMMAND: 'ADD',
      B: 'b=c',
    })
  })

  test('a system call takes negative numbers, and numbers larger than 32 bits', async () => {
    assert.is(await trial('negative', '/proc/self/exe'), 1)
    assert.equal(await trial('bigint'), [8589934592, -22])
  })

  test('a system call that fails gives minus the errno', async () => {
    assert.is(await trial('errno'), -9)
  })

  test('a part of a buffer is the pointer to that part', async () => {
    assert.is(await trial('subarray', join(directory, 'file')), '.....3456.')
    assert.equal(await trial('small'), [0, 0x7f, 0x45, 0x4c, 0x46, 0, 0, 0])
  })

  test('text becomes bytes and bytes become text as in Node', async () => {
    const replaced = '\ufffd'
    assert.equal(await trial('text'), [
      ...['', '65746830', '4272c3bc636b65', 'e6a1a520f09f8c89', '62726f6b656e20efbfbd2070616972'],
      ...['', 'eth0', 'Brücke', `A${replaced}B`, `${replaced}"`],
      ...['th0', 'th', 'h0', 'et', ''],
      'ü',
    ])
  })

  test('a part of a buffer is a buffer', async () => {
    assert.equal(await trial('parts'), [true, true, 'hi', '000068690000'])
  })

  test('a buffer does what it does in Node', async () => {
    assert.equal(await trial('buffer'), exercise())
  })

  test('XXH64 of texts is what the xxHash library says, also of whole stripes', async () => {
    for (const [text, hash] of Object.entries(hashes)) assert.is(await trial('xxh64', text), hash, text)
  })

  test('SHA-512 is what Node says, with the ends of one, two and three blocks', async () => {
    for (const length of [0, 3, 111, 112, 127, 128, 239, 240, 300]) {
      const text = 'é-0123456789'.repeat(25).slice(0, length)
      assert.is(await trial('sha512', text), createHash('sha512').update(text).digest('hex'), `${length}`)
    }
  })

  test('the pointer to an empty buffer is null', async () => {
    assert.is(await trial('empty'), 0)
  })

  test('a message is sent by another process, which keeps no descriptor longer than to its end; Node sends itself', async () => {
    for (const kept of ['', 'kept'])
      assert.equal(await trial('sendInBackground', kept), engine === 'node' ? null : ['message', '', true])
  })

  test('memory of all sizes keeps what is in it', async () => {
    assert.equal(await trial('memory'), [true, 600_000, 15_000, 9])
  })

  test('more arguments than a system call has are an error, and errors go to standard error, with exit status 1', async () => {
    const { exitCode, stdout, stderr } = await execa(executable, ['tooMany'], { reject: false })
    assert.is(exitCode, 1)
    assert.is(stdout, '')
    assert.match(stderr, /Error/)
  })

  test('a program gets arguments, input and its whole environment, and its output and status come back', async () => {
    const program = {
      ...shell('cat; echo $A; env | wc -l; echo no >&2; exit 3'),
      input: 'hi ',
      env: { A: 'b' },
    }
    assert.equal(await runProgram(program), { status: 3, stdout: 'hi b\n2\n', stderr: 'no\n' })
  })

  test('a missing program ends with 127, a killed one with 128 plus the signal', async () => {
    assert.equal(await runProgram({ path: '/none', arguments: [] }), { status: 127, stdout: '', stderr: '' })
    assert.equal(await runProgram(shell('kill -9 $$')), { status: 137, stdout: '', stderr: '' })
  })

  test('a program that does not end in time is killed, with what it has started', async () => {
    const script = 'echo before; sleep 1000 & echo $!; wait'
    const ended = await runProgram(shell(script), { milliseconds: 200, bytes: 99 })
    const { stdout, ...how } = ended as { stdout: string }
    assert.equal(how, { status: 137, stderr: '', killed: 'did not end within 0.2 s' })
    const [, pid] = /^before\n(\d+)\n$/.exec(stdout) ?? []
    await until('what it has started has ended', () => !existsSync(`/proc/${pid}/exe`))
  })

  test('a program that writes without end is killed, whichever stream it is', async () => {
    for (const to of ['1', '2']) {
      const bounds = { milliseconds: 60_000, bytes: 100_000 }
      const ended = await runProgram(shell(`exec yes >&${to}`), bounds)
      const { status, stdout, stderr, killed } = ended as Completed
      assert.equal([status, killed], [137, 'wrote more than 100000 bytes'])
      assert.ok(stdout.length + stderr.length < 300_000)
    }
  })

  test('what a program has started and left behind is not waited for, and is not killed', async () => {
    const ended = await runProgram(shell('sleep 1000 & echo $!'))
    const { stdout, ...how } = ended as Completed
    assert.equal(how, { status: 0, stderr: '' })
    process.kill(Number(stdout))
  })

  test('a program may close its output and go on', async () => {
    const ended = await runProgram(shell('exec >&- 2>&-; sleep 0.1; exit 4'))
    assert.equal(ended, { status: 4, stdout: '', stderr: '' })
  })

  test('a megabyte of input comes back as output, and a program may ignore its input', async () => {
    assert.equal(await trial('runLarge', '/bin/cat'), { status: 0, length: 1 << 20, same: true })
    assert.equal(await trial('runLarge', '/bin/true'), { status: 0, length: 0, same: false })
  })

  test.run()
}

process.on('exit', () => rmSync(directory, { recursive: true }))
