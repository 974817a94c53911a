import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CniError } from '../../../shared/error/error.ts'
import { readStoreFile, settingsIn, settingsOf } from '../../../shared/store/settings.ts'
import { test } from '../../harness/test.ts'

const good = { endpoints: ['https://192.0.2.1:2379'], host: 'one' }

/** The sentence of a refusal. */
function refused(settings: unknown): string {
  try {
    settingsIn(settings, 'store')
  } catch (error) {
    assert.instance(error, CniError)
    return (error as CniError).message
  }
  return 'none'
}

test("a prefix and the kernel's host name are what is used where the settings have none", () => {
  assert.equal(settingsIn(good, 'store'), { ...good, prefix: '/patchbay/' })
  if (hostname() !== 'localhost')
    assert.is(settingsIn({ endpoints: good.endpoints }, 'store').host, hostname())
})

test('keys that need or exclude one another are refused in one sentence', () => {
  const files = { ca: '/etc/ca.pem', cert: '/etc/cert.pem', key: '/etc/cert.key' }
  assert.is(refused({ ...good, ...files }), 'none')
  assert.is(refused({ ...good, cert: '/etc/cert.pem' }), 'store: cert needs key, the file with its key')
  assert.is(
    refused({ ...good, key: '/etc/cert.key' }),
    'store: key needs cert, the file with its certificate',
  )
  assert.match(refused({ ...good, ...files, endpoints: ['http://192.0.2.1'] }), 'have no effect with http://')
  assert.match(
    refused({ ...good, endpoints: ['http://192.0.2.1', 'https://192.0.2.2'] }),
    'https:// and http://',
  )
  assert.is(refused({ ...good, endpoints: [] }), 'store: endpoints is empty')
})

test('values of other types, misspelt keys and names that a key cannot have are refused', () => {
  assert.match(refused({ ...good, endpoints: '192.0.2.1' }), 'store: endpoints is "192.0.2.1", must be')
  assert.match(
    refused({ ...good, endpoints: ['192.0.2.1'] }),
    'store: endpoints[0] is "192.0.2.1", must be a URL',
  )
  assert.match(refused({ endpoint: good.endpoints }), 'store: endpoints is missing')
  assert.match(refused({ ...good, certs: '/etc/x' }), 'store: there is no key certs: is cert meant?')
  assert.match(refused({ ...good, host: 'a/b' }), 'store: host is "a/b", must be a host name')
  assert.match(refused({ ...good, prefix: 'patchbay' }), 'store: prefix is "patchbay", must be')
  assert.match(refused([]), 'must be an object')
})

test('the section goes before the file; without both the error says where to write it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  const file = join(directory, 'store.json')
  try {
    assert.is(readStoreFile(file), undefined)
    assert.throws(() => settingsOf(undefined, file), `nor the file ${file}`)
    writeFileSync(file, JSON.stringify({ ...good, host: 'of-file' }))
    assert.is(settingsOf(undefined, file).host, 'of-file')
    assert.is(settingsOf(good, file).host, 'one')
    writeFileSync(file, '{"endpoints": [], "host": "x"}')
    assert.throws(() => settingsOf(undefined, file), `${file}: endpoints is empty`)
    writeFileSync(file, '{')
    assert.throws(() => settingsOf(undefined, file), file)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test.run()
