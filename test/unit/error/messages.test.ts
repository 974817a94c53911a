import { readdirSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { longestMsg } from '../../../shared/error/error.ts'
import { test } from '../../harness/test.ts'

/** A placeholder counts as much as the longest interface name. */
const placeholder = 'interface-name0'

const sources = ['shared', 'plugins', 'cli'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
)

/** The messages that a source can say: what stands behind `msg` and in the first argument of CHECK's helpers. */
function messagesIn(text: string): string[] {
  const literal =
    /(?:\bmsg[:=]|\bmsg =|\b(?:broken|repairable|wrongLink)\()\s*(?:`((?:[^`\\]|\\.)*)`|'([^'\n]*)')/g
  return [...text.matchAll(literal)].map(([, template, plain]) => template ?? plain ?? '')
}

function typical(message: string): string {
  return message.replace(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, placeholder)
}

test('no message is too long for the event of a pod', () => {
  const all = sources.flatMap((path) => messagesIn(readFileSync(path, 'utf8')))
  assert.ok(all.length > 150, `${all.length} messages found`)
  assert.equal(
    all.map(typical).filter((message) => message.length > longestMsg),
    [],
  )
})

test("no plain Error is thrown: each has a code and a remedy, or is the kernel's", () => {
  const plain = sources.filter((path) => /throw new (?:Range|Type)?Error\b/.test(readFileSync(path, 'utf8')))
  assert.equal(plain, [])
})

test.run()
