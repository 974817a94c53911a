/** Archives of the same files are the same bytes, however the files came about. */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { checksums } from '../../../scripts/release/checksums.ts'
import { tarball } from '../../../scripts/release/tarball.ts'
import { test } from '../../harness/test.ts'

const work = mkdtempSync(join(tmpdir(), 'patchbay-tarball-'))
test.after(() => rmSync(work, { recursive: true }))

/** Makes the same small tree with its files in another order, of another age, and with other permissions of group and others. */
function tree(place: string, order: readonly string[], age: number, mode: number): string {
  const directory = join(work, place, 'patchbay-1')
  mkdirSync(join(directory, 'bin'), { recursive: true, mode: 0o700 | mode })
  for (const name of order) {
    const file = join(directory, name)
    if (name === 'bin/bridge') symlinkSync('patchbay', file)
    else writeFileSync(file, name)
    if (name === 'bin/patchbay') chmodSync(file, 0o700 | mode)
    else if (name !== 'bin/bridge') chmodSync(file, 0o600 | mode)
    if (name !== 'bin/bridge') utimesSync(file, age, age)
  }
  return directory
}

const one = tree('one', ['README.md', 'bin/patchbay', 'bin/bridge', 'a'], 1e9, 0)
const other = tree('other', ['a', 'bin/bridge', 'bin/patchbay', 'README.md'], 1.5e9, 0o44)

test('two archives of one tree are identical byte for byte', async () => {
  const files = ['one.tar.gz', 'other.tar.gz'].map((name) => join(work, name))
  await tarball(one, files[0] ?? '', 12345)
  await tarball(other, files[1] ?? '', 12345)
  const [first, second] = files.map((file) => readFileSync(file))
  assert.ok(first?.equals(second ?? Buffer.alloc(0)))
  // The time in gzip's header.
  assert.is(first?.readUInt32LE(4), 0)
})

test('an archive has sorted names, one owner, one time, and links as links', async () => {
  const file = join(work, 'listed.tar.gz')
  await tarball(one, file, 12345)
  const { stdout } = await execa('tar', [
    '--list',
    '--verbose',
    '--numeric-owner',
    '--utc',
    '--full-time',
    '-f',
    file,
  ])
  const lines = stdout.split('\n').map((line) => line.replace(/ +/g, ' '))
  assert.equal(lines, [
    'drwxr-xr-x 0/0 0 1970-01-01 03:25:45 patchbay-1/',
    '-rw-r--r-- 0/0 9 1970-01-01 03:25:45 patchbay-1/README.md',
    '-rw-r--r-- 0/0 1 1970-01-01 03:25:45 patchbay-1/a',
    'drwxr-xr-x 0/0 0 1970-01-01 03:25:45 patchbay-1/bin/',
    'lrwxr-xr-x 0/0 0 1970-01-01 03:25:45 patchbay-1/bin/bridge -> patchbay',
    '-rwxr-xr-x 0/0 12 1970-01-01 03:25:45 patchbay-1/bin/patchbay',
  ])
})

test('sha256sum accepts the checksums', async () => {
  writeFileSync(join(work, 'SHA256SUMS'), await checksums(work, ['one.tar.gz', 'other.tar.gz']))
  const { stdout } = await execa('sha256sum', ['--check', 'SHA256SUMS'], { cwd: work })
  assert.is(stdout, 'one.tar.gz: OK\nother.tar.gz: OK')
})

test.run()
