import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { overwrite } from '../../../shared/kernel/in-place.ts'
import { suite } from '../../harness/test.ts'

const test = suite<{ directory: string }>('in place')

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
})

test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

test('a text replaces a shorter one, and a longer one without a rest, in the same file', ({ directory }) => {
  const path = join(directory, 'a')
  overwrite(path, '10.88.0.7')
  const { ino, mode } = statSync(path)
  assert.is(mode & 0o777, 0o600)
  for (const text of ['10.88.0.255', '10.88.1.2', '']) {
    overwrite(path, text)
    assert.equal([readFileSync(path, 'utf8'), statSync(path).ino], [text, ino])
  }
})

test('a symlink is not followed', ({ directory }) => {
  writeFileSync(join(directory, 'target'), 'theirs')
  symlinkSync('target', join(directory, 'link'))
  assert.throws(
    () => overwrite(join(directory, 'link'), 'ours'),
    (error: unknown) => isErrno(error, 'ELOOP'),
  )
  assert.is(readFileSync(join(directory, 'target'), 'utf8'), 'theirs')
})

test.run()
