import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'

const docs = new URL('../../../docs', import.meta.url).pathname
const page = readFileSync(join(docs, 'specification.md'), 'utf8')

/** A test that the page names: the link to its file, and the name in quotation marks, or a part of it. */
const named = [...page.matchAll(/\]\(([^)]+)\) “([^”]+)”/g)].map(([, path = '', name = '']) => ({
  path,
  name,
}))

test('each test that the page on the specification names exists', () => {
  assert.ok(named.length > 50)
  const missing = named
    .filter(({ path, name }) => !readFileSync(join(docs, path), 'utf8').includes(name))
    .map(({ path, name }) => `${path}: no test is called "${name}"`)
  assert.equal(missing, [])
})

test('each requirement has its source file and its test', () => {
  const requirements = page.split('\n').filter((line) => /^\| (must|must not|should|may|) \|/.test(line))
  assert.ok(requirements.length > 40)
  assert.equal(
    requirements.filter((line) => !/\]\(\.\.\/(shared|plugins)\/.* \| .*“/.test(line)),
    [],
  )
})

test.run()
