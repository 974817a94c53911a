import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { draftFile } from '../../../shared/kernel/draft.ts'

const test = suite<{ directory: string }>('draft')

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
})

test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

test('a draft is seen by nobody until it gets its name, and then whole', ({ directory }) => {
  const draft = draftFile(directory, 'all of it')
  assert.equal(readdirSync(directory), [])
  assert.is(draft.publish(join(directory, 'a')), true)
  draft.close()
  assert.is(readFileSync(join(directory, 'a'), 'utf8'), 'all of it')
  assert.is(statSync(join(directory, 'a')).mode & 0o777, 0o600)
  assert.equal(readdirSync(directory), ['a'])
})

test('a name that is taken is not given, and the draft may have another', ({ directory }) => {
  writeFileSync(join(directory, 'a'), 'theirs')
  const draft = draftFile(directory, 'mine')
  assert.is(draft.publish(join(directory, 'a')), false)
  assert.is(draft.publish(join(directory, 'b')), true)
  draft.close()
  assert.is(readFileSync(join(directory, 'a'), 'utf8'), 'theirs')
  assert.is(readFileSync(join(directory, 'b'), 'utf8'), 'mine')
})

test('where there are no nameless files, a draft is written when it gets its name', () => {
  // /proc has none; neither has it files to be made, which shows that nothing was tried before.
  const draft = draftFile('/proc', 'text')
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  assert.is(draft.publish(join(directory, 'a')), true)
  assert.is(draft.publish(join(directory, 'a')), false)
  draft.close()
  assert.equal(readdirSync(directory), ['a'])
  rmSync(directory, { recursive: true })
})

test.run()
