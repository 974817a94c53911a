/** Both engines do what engine/engine.ts says, in executables built like Patchbay's. */

import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { buildNode } from '../../scripts/build/node.ts'
import { buildQuickjs } from '../../scripts/build/quickjs.ts'
import { engines, host } from '../../scripts/build/target.ts'
import { suite } from '../harness/test.ts'
import { exercise } from './engine/buffer.ts'

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

  const runProgram = (program: object) => trial('run', JSON.stringify({ input: '', env: {}, ...program }))
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

  test('the pointer to an empty buffer is null', async () => {
    assert.is(await trial('empty'), 0)
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

  test('a megabyte of input comes back as output, and a program may ignore its input', async () => {
    assert.equal(await trial('runLarge', '/bin/cat'), { status: 0, length: 1 << 20, same: true })
    assert.equal(await trial('runLarge', '/bin/true'), { status: 0, length: 0, same: false })
  })

  test.run()
}

process.on('exit', () => rmSync(directory, { recursive: true }))
