/** The build of QuickJS's library from a small archive, with a compiler that does nothing. */

import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { quickjs } from '../../../scripts/build/quickjs-library.ts'
import { host } from '../../../scripts/build/target.ts'
import { run } from '../../../scripts/run.ts'
import { test } from '../../harness/test.ts'

const name = 'small.tar'
const compiler = { compile: async () => 'object', link: async () => {}, tool: async () => '' }
let directory: string
let cache: string

/** A patch of the archive's file, whose line is `old`. */
const patch = (before: string, after: string) =>
  `The reason.\n\n--- a/quickjs.h\n+++ b/quickjs.h\n@@ -1 +1 @@\n-${before}\n+${after}\n`

/** Builds the library with some patches. @returns the patched file */
async function build(patches: Record<string, string>, sha256 = sumOf(join(cache, name))): Promise<string> {
  for (const [file, text] of Object.entries(patches)) writeFileSync(join(directory, file), text)
  const { include } = await quickjs(host, compiler, {
    cache,
    archive: { name, sha256, fetch: async () => assert.unreachable('fetched') },
    patches: Object.keys(patches).map((file) => join(directory, file)),
  })
  return readFileSync(join(include, 'quickjs.h'), 'utf8')
}

const sumOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

async function failure(build: Promise<unknown>): Promise<string> {
  const ended = await build.catch((error: unknown) => error)
  assert.instance(ended, Error)
  return (ended as Error).message
}

test.before.each(async () => {
  directory = mkdtempSync(join(tmpdir(), 'patchbay-quickjs-'))
  cache = join(directory, 'cache')
  for (const path of [cache, join(directory, 'small')]) mkdirSync(path)
  writeFileSync(join(directory, 'small/quickjs.h'), 'old\n')
  await run('tar', ['--create', '--file', join(cache, name), 'small'], { cwd: directory })
})

test.after.each(() => rmSync(directory, { recursive: true }))

test('patches are applied in turn', async () => {
  assert.is(await build({ '1.patch': patch('old', 'new'), '2.patch': patch('new', 'newest') }), 'newest\n')
})

test('an archive with another checksum fails the build, also when the library lies in the cache', async () => {
  const sum = sumOf(join(cache, name))
  await build({}, sum)
  writeFileSync(join(cache, name), 'another')
  const message = await failure(build({}, sum))
  assert.is(message, `${join(cache, name)} has SHA-256 ${sumOf(join(cache, name))}, expected ${sum}`)
})

test('a patch that does not fit fails the build by name, and leaves nothing in the cache', async () => {
  const message = await failure(build({ '1.patch': patch('old', 'new'), '2.patch': patch('old', 'newest') }))
  assert.match(message, /\/2\.patch does not fit small\.tar: .*FAILED/)
  assert.equal(readdirSync(cache), [name])
})

test.run()
