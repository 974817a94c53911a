import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { draftFile } from '../../../shared/kernel/draft.ts'
import { suite } from '../../harness/test.ts'

const test = suite<{ directory: string }>('draft')

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
})

test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

test('a draft is invisible until it gets its name, and complete then', ({ directory }) => {
  const draft = draftFile(directory, 'all of it')
  assert.equal(readdirSync(directory), [])
  assert.is(draft.publish(join(directory, 'a')), true)
  draft.close()
  assert.is(readFileSync(join(directory, 'a'), 'utf8'), 'all of it')
  assert.is(statSync(join(directory, 'a')).mode & 0o777, 0o600)
  assert.equal(readdirSync(directory), ['a'])
})

test('an existing name is refused, and the draft may get another', ({ directory }) => {
  writeFileSync(join(directory, 'a'), 'theirs')
  const draft = draftFile(directory, 'mine')
  assert.is(draft.publish(join(directory, 'a')), false)
  assert.is(draft.publish(join(directory, 'b')), true)
  draft.close()
  assert.is(readFileSync(join(directory, 'a'), 'utf8'), 'theirs')
  assert.is(readFileSync(join(directory, 'b'), 'utf8'), 'mine')
})

test('on a file system without nameless files, a draft is written when it gets its name', () => {
  // /proc has no nameless files and refuses new ones: the error shows that nothing was written before.
  const draft = draftFile('/proc', 'text')
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  assert.is(draft.publish(join(directory, 'a')), true)
  assert.is(draft.publish(join(directory, 'a')), false)
  draft.close()
  assert.equal(readdirSync(directory), ['a'])
  rmSync(directory, { recursive: true })
})

test.run()
