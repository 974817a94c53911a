import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { list, object, optional, string } from '../../../shared/config/schema.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { records } from '../../../shared/state/records.ts'
import { suite } from '../../harness/test.ts'

const test = suite<{ root: string }>('records')

test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'patchbay-'))
})

test.after.each(({ root }) => rmSync(root, { recursive: true }))

const schema = object({ name: string, links: list(object({ name: string })), note: optional(string) })
const record = { name: 'one', links: [{ name: 'eth1' }] }
const storeIn = (root: string) => records('kind', () => schema, root)
const fileIn = (root: string, name = 'key.json') => `${root}/kind/${name}`

test('a record is read back as it was written, until it is removed', ({ root }) => {
  const store = storeIn(root)
  assert.is(store.read('key'), undefined)
  store.write('key', record)
  store.write('key', { ...record, note: 'second' })
  assert.equal(store.read('key'), { ...record, note: 'second' })
  assert.equal(store.all(), [{ ...record, note: 'second' }])
  store.remove('key')
  store.remove('key')
  assert.is(store.read('key'), undefined)
  assert.equal(readdirSync(`${root}/kind`), [])
})

test('keys that a newer version writes are ignored', ({ root }) => {
  const store = storeIn(root)
  store.write('key', record)
  writeFileSync(fileIn(root), JSON.stringify({ ...record, later: true }))
  assert.equal(store.read('key'), record)
})

const damages: Record<string, string> = {
  empty: '',
  torn: '{"name":"one","links":[{"na',
  'zero bytes': '\0'.repeat(64),
  'the text null': 'null',
  'an empty object': '{}',
  'an empty list': '[]',
  'a number': '7',
  'of a wrong type': '{"name":1,"links":[]}',
  'an object in place of a list': '{"name":"one","links":{}}',
  'wrong inside a list': '{"name":"one","links":[{}]}',
  'null inside a list': '{"name":"one","links":[null]}',
  'no UTF-8': '\xff\xfe',
}

for (const [damage, text] of Object.entries(damages))
  test(`a record that is ${damage} is set aside, read as absent, and replaced by the next`, ({ root }) => {
    const store = storeIn(root)
    store.write('key', record)
    assert.not(store.wasDamaged('key'))
    writeFileSync(fileIn(root), text, 'latin1')
    assert.equal(store.all(), [])
    assert.is(store.read('key'), undefined)
    assert.is(readFileSync(fileIn(root, 'key.json.damaged'), 'latin1'), text)
    assert.ok(store.wasDamaged('key'))
    store.write('key', record)
    assert.equal(store.read('key'), record)
    assert.equal(store.all(), [record])
    store.remove('key')
    assert.equal(readdirSync(`${root}/kind`), ['key.json.damaged'])
  })

test('the temporary file of a killed writer is no record, and is removed with the record', ({ root }) => {
  const store = storeIn(root)
  store.write('key', record)
  writeFileSync(fileIn(root, 'key.json.new'), '{"na')
  assert.equal(store.all(), [record])
  store.remove('key')
  assert.equal(readdirSync(`${root}/kind`), [])
})

test('a record that cannot be written leaves no file, and the earlier one stays', ({ root }) => {
  const store = storeIn(root)
  mkdirSync(fileIn(root), { recursive: true })
  assert.throws(() => store.write('key', record), 'EISDIR')
  assert.equal(readdirSync(`${root}/kind`), ['key.json'])
})

test('a record that cannot be read is an error, not an absent record', ({ root }) => {
  mkdirSync(fileIn(root), { recursive: true })
  try {
    storeIn(root).read('key')
    assert.unreachable()
  } catch (error) {
    assert.ok(isErrno(error, 'EISDIR'))
  }
})

test.run()
