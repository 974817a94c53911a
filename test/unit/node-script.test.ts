/** scripts/node.sh in a temporary project, with fake versions of npm, apt-get and the Node that npm installs. */

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'

let project: string
const node = `node_modules/node-linux-${process.arch}/bin/node`
const lockfile = 'node_modules/.package-lock.json'

function program(name: string, script: string): void {
  const file = join(project, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}

/** npm installs a Node that prints its arguments, and starts only when libatomic1 is installed. */
const installs = `echo "$@" >> asked; mkdir -p $(dirname ${node}); touch ${lockfile}; cp bin/node-of-npm ${node}`
const asked = () => existsSync(join(project, 'asked'))

test.before.each(() => {
  project = mkdtempSync(join(tmpdir(), 'patchbay-node-'))
  mkdirSync(join(project, 'scripts'))
  copyFileSync(new URL('../../scripts/node.sh', import.meta.url), join(project, 'scripts/node.sh'))
  writeFileSync(join(project, 'package-lock.json'), '')
  utimesSync(join(project, 'package-lock.json'), 1, 1)
  program('bin/id', 'echo 0')
  program('bin/npm', installs)
  program('bin/apt-get', 'touch libatomic')
  program('bin/node-of-npm', '[ -e libatomic ] && echo "node $@"')
})
test.after.each(() => rmSync(project, { recursive: true }))

function run() {
  const env = { PATH: `${join(project, 'bin')}:${process.env.PATH}` }
  const { status, stdout, stderr } = spawnSync('sh', [join(project, 'scripts/node.sh'), 'a.ts', 'b c'], {
    env,
  })
  return { status, stdout: String(stdout), stderr: String(stderr) }
}

test('on a new machine it installs the packages, then the library, and runs the program', () => {
  const { status, stdout, stderr } = run()
  assert.equal([status, stdout], [0, 'node --disable-warning=ExperimentalWarning a.ts b c\n'])
  assert.match(stderr, 'installing: libatomic1')
  assert.ok(asked())
})

test('when all is installed it installs nothing', () => {
  run()
  rmSync(join(project, 'asked'))
  assert.equal(run(), {
    status: 0,
    stdout: 'node --disable-warning=ExperimentalWarning a.ts b c\n',
    stderr: '',
  })
  assert.not(asked())
})

test('packages are installed again when the lock file is newer', () => {
  run()
  rmSync(join(project, 'asked'))
  utimesSync(join(project, 'package-lock.json'), 4e9, 4e9)
  run()
  assert.ok(asked())
})

test('when npm or apt-get fails, the error names the command to run by hand', () => {
  program('bin/apt-get', 'exit 1')
  assert.match(run().stderr, 'as root: apt-get update && apt-get install libatomic1')
  rmSync(join(project, lockfile))
  program('bin/npm', 'exit 1')
  const { status, stderr } = run()
  assert.is(status, 1)
  assert.match(stderr, 'by hand: npm ci')
})

test('an npm that does not install Node is reported, now and at the next try', () => {
  program('bin/npm', `mkdir -p node_modules; touch ${lockfile}`)
  for (const _ of [1, 2]) assert.match(run().stderr, /left out the package node-linux-.*by hand: npm ci/)
})

test('a user who is not root sees the command that installs', () => {
  program('bin/id', 'echo 1000')
  const { status, stderr } = run()
  assert.is(status, 1)
  assert.match(stderr, 'as root: apt-get update && apt-get install libatomic1')
})

test.run()
