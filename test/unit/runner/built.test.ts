/** Executables that are older than their sources. */

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { changedSince } from '../../harness/built.ts'
import { test } from '../../harness/test.ts'

let root: string
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'patchbay-built-'))
  write('main.ts', 1)
  write('plugins/bond/team/plugin.ts', 2)
  write('executable', 3)
})
test.after.each(() => rmSync(root, { recursive: true }))

/** A file that was last changed at a time. */
function write(path: string, seconds: number): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  utimesSync(file, seconds, seconds)
}

const changed = () => changedSince(join(root, 'executable'), root)

test('an executable that is newer than its sources is up to date', () => {
  assert.is(changed(), undefined)
})

test('a source that was changed later is named, however deep it lies', () => {
  write('plugins/bond/team/plugin.ts', 4)
  assert.is(changed(), 'plugins/bond/team/plugin.ts')
})

test('a source that was added later is named, also one in C', () => {
  write('engine/quickjs/new.c', 4)
  assert.is(changed(), 'engine/quickjs/new.c')
})

test('changed tests, scripts and pages make no executable out of date', () => {
  for (const path of ['test/a.ts', 'scripts/a.ts', 'plugins/bond/README.md']) write(path, 4)
  assert.is(changed(), undefined)
})

test.run()
