import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pagesOf, withoutBlocks } from '../../harness/markdown.ts'

const root = new URL('../../..', import.meta.url).pathname

/** Words that hide who does something: a process, container, runtime, operator or kernel. */
const vague = /\b(nobody|somebody|anybody|whoever)\b/i

/** Lines of a page with such a word. Quoted words, names of tests among them, are another's. */
function vagueLines(page: string): string[] {
  return withoutBlocks(page)
    .replace(/“[^”]*”|"[^"\n]*"/g, '')
    .split('\n')
    .filter((line) => vague.test(line))
}

test('pages say who does something', () => {
  const lines = pagesOf(root).flatMap((page) =>
    vagueLines(readFileSync(join(root, page), 'utf8')).map((line) => `${page}: ${line}`),
  )
  assert.equal(lines, [])
})

test('a vague word is found; a quoted one is not', () => {
  assert.equal(vagueLines('Somebody may be faster.\nSay “nobody”, "whoever".'), ['Somebody may be faster.'])
})

test.run()
