import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { createFile, writeFile } from '../../../shared/kernel/durable.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import * as files from '../../../shared/kernel/files.ts'
import { stat } from '../../../shared/kernel/stat.ts'
import { suite } from '../../harness/test.ts'

const test = suite<{ directory: string }>('files')

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
})

test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

test('a file is written completely, with its mode, and leaves no temporary file', ({ directory }) => {
  const path = join(directory, 'a')
  writeFile(path, 'first')
  writeFile(path, 'größer', 0o640)
  assert.is(readFileSync(path, 'utf8'), 'größer')
  assert.is(statSync(path).mode & 0o777, 0o640)
  assert.equal(files.readDirectory(directory), [{ name: 'a', directory: false }])
})

test('a file is created only where there is none', ({ directory }) => {
  const path = join(directory, 'a')
  assert.is(createFile(path, 'mine'), true)
  assert.is(createFile(path, 'yours'), false)
  assert.is(files.readFile(path), 'mine')
  assert.is(files.readDirectory(directory).length, 1)
})

test('a large file is read back byte for byte', ({ directory }) => {
  const text = '0123456789abcdef'.repeat(20_000)
  writeFile(join(directory, 'large'), text)
  assert.is(files.readFile(join(directory, 'large')), text)
})

test('an empty file is empty, not an error', ({ directory }) => {
  writeFileSync(join(directory, 'empty'), '')
  assert.is(files.readFile(join(directory, 'empty')), '')
})

test('a directory with many entries is listed completely, without the dots', ({ directory }) => {
  const names = Array.from({ length: 3000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
  for (const name of names) writeFileSync(join(directory, name), '')
  const listed = files.readDirectory(directory).map(({ name }) => name)
  assert.equal(listed.sort(), names.sort())
})

test('a missing file is an error with its errno, or undefined where the caller asks for that', ({
  directory,
}) => {
  const path = join(directory, 'absent')
  assert.throws(
    () => files.readFile(path),
    (error: unknown) => isErrno(error, 'ENOENT') && error.message.includes(path),
  )
  assert.is(files.readFileIfAny(path), undefined)
  assert.is(files.remove(path), false)
  assert.is(stat(path), undefined)
})

test('directories are made with those above them, and making them again is no error', ({ directory }) => {
  const path = join(directory, 'a/b/c')
  files.makeDirectory(path)
  files.makeDirectory(path)
  assert.ok(statSync(path).isDirectory())
})

for (const [what, path] of [
  ['below a link that leads nowhere', 'link/a'],
  ['in a file system without directories', '../../proc/self/a'],
])
  test(`a directory ${what} cannot be made: ENOENT`, ({ directory }) => {
    symlinkSync('/nowhere', join(directory, 'link'))
    assert.throws(
      () => files.makeDirectory(`${directory}/${path}/b`),
      (error: unknown) => isErrno(error, 'ENOENT') && error.message.includes(path as string),
    )
  })

test('a link that cannot be read is an error; another file is no link', ({ directory }) => {
  assert.is(files.readLink(directory), undefined)
  assert.is(files.readLink(join(directory, 'absent')), undefined)
  assert.throws(
    () => files.readLink(join(directory, 'a'.repeat(300))),
    (error: unknown) => isErrno(error, 'ENAMETOOLONG'),
  )
})

test('a name with a NUL inside is refused before a system call', () => {
  assert.throws(
    () => files.readFile('/etc/hostname\0.txt'),
    (error: unknown) => isErrno(error, 'EINVAL'),
  )
})

test('stat distinguishes files, follows symlinks and has the size', ({ directory }) => {
  writeFileSync(join(directory, 'a'), 'abc')
  writeFileSync(join(directory, 'b'), 'abc')
  symlinkSync('a', join(directory, 'link'))
  const [a, b, link] = ['a', 'b', 'link'].map((name) => stat(join(directory, name)))
  assert.is(a?.size, 3n)
  assert.is(a?.inode, link?.inode)
  assert.is.not(a?.inode, b?.inode)
  assert.is(a?.mtime, statSync(join(directory, 'a'), { bigint: true }).mtimeNs)
  assert.is(files.readLink(join(directory, 'link')), 'a')
})

test('a directory of any length is listed whole', ({ directory }) => {
  for (const count of [0, 40, 400]) {
    const path = join(directory, String(count))
    mkdirSync(path)
    const names = Array.from({ length: count }, (_, index) => `entry-${index}`).sort()
    for (const name of names) writeFileSync(join(path, name), '')
    const found = files.readDirectory(path).map(({ name }) => name)
    assert.equal(found.sort(), names)
  }
})

test('a file on disk is read whole, also in one read for each part', ({ directory }) => {
  const path = join(directory, 'file')
  for (const size of [0, 1, 4095, 4096, 4097, 70_000]) {
    writeFileSync(path, 'x'.repeat(size))
    const read = (onDisk: boolean) =>
      files.withFile(path, files.Open.RDONLY, (fd) => files.readAll(fd, path, size, onDisk))
    for (const onDisk of [true, false]) assert.is(read(onDisk).length, size)
  }
})

test('a value of the kernel is read without its line end; there may be none', () => {
  assert.is(files.readValueIfAny('/proc/sys/kernel/ostype'), 'Linux')
  assert.is(files.readValueIfAny('/proc/sys/kernel/none'), undefined)
})

test('a path with nothing at it is told from one that is no symlink', ({ directory }) => {
  symlinkSync('target', join(directory, 'link'))
  writeFileSync(join(directory, 'file'), '')
  const targets = ['link', 'file', 'none', 'file/none'].map((name) =>
    files.readLinkOrNull(join(directory, name)),
  )
  assert.equal(targets, ['target', undefined, null, null])
})

test.run()
