/** Several files in one guest: the command is run here by a shell, which is what a guest does. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { endingsOf, serveCommand, unfinished } from '../../runner/serve.ts'

const directory = mkdtempSync(join(tmpdir(), 'patchbay-serve-'))
test.after(() => rmSync(directory, { recursive: true }))

function program(name: string, text: string): string {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

/** Runs files as a guest does. @param limit seconds for each */
function served(files: string[], limit: number) {
  const [file = '', ...args] = serveCommand(files, limit)
  return endingsOf(files, spawnSync(file, args, { encoding: 'utf8' }).stdout)
}

test('each file’s output, status and time come back', () => {
  const files = [
    program('one.mjs', 'console.log("1"); console.error("trouble")'),
    program('two.mjs', 'console.log("2"); process.exit(3)'),
  ]
  const ends = served(files, 20)
  assert.equal(
    ends.map(({ file, status }) => [file, status]),
    [
      [files[0], 0],
      [files[1], 3],
    ],
  )
  assert.match(ends[0]?.output ?? '', /1\ntrouble/)
  assert.is(ends[1]?.output, '2\n')
  for (const { seconds } of ends) assert.ok(seconds >= 0 && seconds < 20)
})

test('a file that takes too long is stopped, and the next runs', () => {
  const files = [program('slow.mjs', 'setInterval(() => {}, 60000)'), program('next.mjs', '')]
  const statuses = (limit: number) => served(files, limit).map(({ status }) => status)
  // A busy machine starts Node in more than 5 s.
  const last = [5, 60].map(statuses).find(([, next]) => next === 0)
  assert.equal(last, [124, 0])
})

test('of a guest that died, the finished files are known, and what the next one wrote', () => {
  const output = 'fine\n\n\0ended 0 1.00 2.50\nhalf of'
  assert.equal(endingsOf(['a', 'b', 'c'], output), [{ file: 'a', output: 'fine\n', status: 0, seconds: 1.5 }])
  assert.is(unfinished(output), 'half of')
  assert.equal(endingsOf(['a'], 'nothing'), [])
  assert.is(unfinished('nothing'), 'nothing')
})

test.run()
