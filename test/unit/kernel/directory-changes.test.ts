/** Changes of a directory, as inotify tells them. */

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { changesOf, watchDirectory } from '../../../shared/kernel/directory-changes.ts'
import { close } from '../../../shared/kernel/files.ts'
import { test } from '../../harness/test.ts'

const directory = mkdtempSync(join(tmpdir(), 'changes-'))
const at = (name: string) => join(directory, name)
test.after(() => rmSync(directory, { recursive: true, force: true }))

test('files that are renamed into the directory or deleted are told once, with names of every length', () => {
  const fd = watchDirectory(directory)
  assert.equal(changesOf(fd), { names: [], overflowed: false, ended: false })
  const names = ['a', 'x'.repeat(15), 'y'.repeat(16), 'z'.repeat(200)]
  for (const name of names) writeFileSync(at(`${name}.new`), '')
  for (const name of names) renameSync(at(`${name}.new`), at(name))
  for (const name of names) rmSync(at(name))
  const seen = changesOf(fd)
  assert.equal(
    seen.names.filter((name) => !name.endsWith('.new')),
    names,
  )
  assert.equal(changesOf(fd).names, [])
  close(fd)
})

test('the end of the directory is told', () => {
  mkdirSync(at('inner'))
  const fd = watchDirectory(at('inner'))
  rmSync(at('inner'), { recursive: true })
  assert.ok(changesOf(fd).ended)
  close(fd)
})

test('a directory that is not there cannot be watched', () => {
  assert.throws(() => watchDirectory(at('none')), /watch .*none: ENOENT/)
})

test.run()
