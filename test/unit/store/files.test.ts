import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  allHoldings,
  holdingsFile,
  readHoldings,
  readHost,
  writeHoldings,
  writeHost,
} from '../../../shared/store/files.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { suite } from '../../harness/test.ts'

const test = suite<{ root: string }>('files about stores')

test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'patchbay-'))
})
test.after.each(({ root }) => rmSync(root, { recursive: true }))

const id = '01234567-89ab-cdef-0123-456789abcdef'
const memory = (root: string) => ({ id, stores: [], dataDirs: [root] })
const held = (dataDir: string, network: string): Holdings => ({
  network,
  dataDir,
  id,
  pool: 'blue',
  definition: { id, ranges: [{ subnet: '10.1.0.0/16' }], blockSize: { ipv4: 26, ipv6: 122 } },
  store: id,
  blocks: [{ block: '10.1.0.64/26', state: 'held', modified: 7 }],
  singles: [],
})

test('the identity is read back, and absent before', ({ root }) => {
  assert.is(readHost(`${root}/new`), undefined)
  writeHost(memory(root), `${root}/new`)
  assert.equal(readHost(`${root}/new`), memory(root))
  assert.equal(readdirSync(`${root}/new`), ['host.json'])
})

test('what networks hold is read back, of one and of all', ({ root }) => {
  for (const network of ['one', 'two']) writeHoldings(held(root, network))
  assert.equal(readHoldings(root, 'two'), held(root, 'two'))
  assert.is(readHoldings(root, 'three'), undefined)
  assert.equal(
    allHoldings([root, root, `${root}/none`])
      .map(({ network }) => network)
      .sort(),
    ['one', 'two'],
  )
})

test('a damaged file is set aside, and counts as absent', ({ root }) => {
  writeHoldings(held(root, 'one'))
  writeFileSync(holdingsFile(root, 'one'), '{"network":"one","blocks":[{"block":"10.1.0.64')
  assert.is(readHoldings(root, 'one'), undefined)
  assert.equal(readdirSync(`${root}/.patchbay-pool`), ['one.json.damaged'])
  writeFileSync(`${root}/host.json`, '{"id":"../../etc"}')
  assert.is(readHost(root), undefined)
  assert.ok(readdirSync(root).includes('host.json.damaged'))
})

test('a symlink that another user may have put there is not followed', ({ root }) => {
  chmodSync(root, 0o777)
  symlinkSync('/tmp', `${root}/.patchbay-pool`)
  assert.throws(() => writeHoldings(held(root, 'one')), /ELOOP|symlink/)
})

test.run()
