import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { pagesOf, withoutBlocks } from '../../harness/markdown.ts'
import { test } from '../../harness/test.ts'

const root = new URL('../../..', import.meta.url).pathname

/** Words that hide who does something: a process, container, runtime, operator or kernel. */
const vague = /\b(nobody|somebody|anybody|everybody|someone|anyone|whoever)\b/i

/** Lines of a text with such a word. */
function vagueLines(text: string): string[] {
  return text.split('\n').filter((line) => vague.test(line))
}

/** A page without what it quotes: code, and words of others, such as names of tests. */
const withoutQuotes = (page: string) => withoutBlocks(page).replace(/“[^”]*”|"[^"\n]*"/g, '')

/** Lines of files with such a word, after the name of the file. */
function vagueLinesOf(files: readonly string[], textOf: (content: string) => string): string[] {
  return files.flatMap((file) =>
    vagueLines(textOf(readFileSync(join(root, file), 'utf8'))).map((line) => `${file}: ${line.trim()}`),
  )
}

/** This file contains the words themselves. */
const own = 'test/unit/docs/english.test.ts'
const code = globSync('{main,build}.ts', { cwd: root }).concat(
  globSync('{cli,engine,plugins,scripts,shared,test}/**/*.{ts,sh,c}', { cwd: root }).filter(
    (file) => file !== own,
  ),
)

test('pages say who does something', () => {
  assert.equal(vagueLinesOf(pagesOf(root), withoutQuotes), [])
})

test('comments and messages in the code say who does something', () => {
  assert.ok(code.length > 500, `read ${code.length} files`)
  assert.equal(
    vagueLinesOf(code, (content) => content),
    [],
  )
})

test('a vague word is found; a quoted one on a page is not', () => {
  assert.equal(vagueLines('/** Somebody may be faster. */\nf()'), ['/** Somebody may be faster. */'])
  assert.equal(vagueLines(withoutQuotes('Anyone may.\nSay “nobody”, "whoever".')), ['Anyone may.'])
})

test.run()
