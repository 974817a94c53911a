/** Two builds of the same source, in different directories and environments, are identical byte for byte. */

import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { engines, host } from '../../scripts/build/target.ts'
import { test } from '../harness/test.ts'

const root = join(import.meta.dirname, '../..')
const work = await mkdtemp(join(root, '.cache/reproducible-'))

/** A second checkout: installed packages are hard-linked, the compiled QuickJS and the C library are copied. */
async function checkout(directory: string): Promise<void> {
  const left = ['.git', '.cache', 'dist', 'node_modules']
  const entries = (await readdir(root)).filter((name) => !left.includes(name))
  for (const name of entries) await cp(join(root, name), join(directory, name), { recursive: true })
  await execa('cp', ['--archive', '--link', join(root, 'node_modules'), directory])
  for (const name of ['quickjs', `musl-${host}`])
    await cp(join(root, '.cache', name), join(directory, '.cache', name), { recursive: true })
}

async function build(directory: string, out: string, env = {}): Promise<string[]> {
  await execa(process.execPath, ['build.ts', '--out', out], { cwd: directory, env })
  const file = (engine: string) => readFile(join(out, engine, 'patchbay'))
  const contents = await Promise.all(engines.map(file))
  return contents.map((content) => createHash('sha256').update(content).digest('hex'))
}

test('two builds of one source, in different directories and environments, are identical byte for byte', async () => {
  const copy = join(work, 'another/checkout')
  await checkout(copy)
  const env = { HOME: work, USER: 'other', TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', CNI_COMMAND: 'ADD' }
  const second = await build(copy, join(work, 'second'), env)
  assert.equal(second, await build(root, join(work, 'first')))
})

test.after(() => rm(work, { recursive: true }))

test.run()
