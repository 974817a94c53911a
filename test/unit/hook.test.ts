/** The git hook that `npm run hook` turns on, in a temporary repository with a fake npm. */

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import packageJson from '../../package.json' with { type: 'json' }
import { test } from '../harness/test.ts'

const root = join(import.meta.dirname, '../..')
let work: string
let repository: string

/** Runs a program in the repository, without the user's own settings of git. */
function run(file: string, ...args: string[]) {
  const env = {
    PATH: `${join(work, 'bin')}:${process.env.PATH}`,
    HOME: work,
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'a'],
        [`GIT_${who}_EMAIL`, 'a@b.c'],
      ]),
    ),
  }
  return execa(file, args, { cwd: repository, env, extendEnv: false, reject: false, all: true })
}

/** A program `npm` that prints its arguments and ends with a status. */
function npmThatEndsWith(status: number): void {
  const file = join(work, 'bin/npm')
  writeFileSync(file, `#!/bin/sh\necho "npm $@"\nexit ${status}\n`)
  chmodSync(file, 0o755)
}

test.before.each(async () => {
  work = mkdtempSync(join(tmpdir(), 'patchbay-hook-'))
  repository = join(work, 'repository')
  mkdirSync(join(work, 'bin'))
  mkdirSync(repository)
  cpSync(join(root, '.githooks'), join(repository, '.githooks'), { recursive: true })
  await run('git', 'init', '--quiet', '--initial-branch=main')
  await run('git', 'init', '--quiet', '--bare', join(work, 'remote'))
  await run('git', 'commit', '--quiet', '--allow-empty', '--message=a')
})
test.after.each(() => rmSync(work, { recursive: true }))

const push = () => run('git', 'push', join(work, 'remote'), 'main')

test('without the hook a push runs nothing', async () => {
  npmThatEndsWith(1)
  assert.is((await push()).failed, false)
})

test('with the hook a push runs the check, and a failed check stops it', async () => {
  await run('sh', '-c', packageJson.scripts.hook)
  npmThatEndsWith(1)
  const refused = await push()
  assert.match(refused.all ?? '', 'npm run check')
  assert.ok(refused.failed)
  npmThatEndsWith(0)
  assert.not((await push()).failed)
})

test.run()
