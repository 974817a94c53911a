/** Setting a machine up, with programs that play Debian's. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ensurePackages, Missing } from '../../scripts/setup.ts'

const { PATH, getuid } = { PATH: process.env.PATH, getuid: process.getuid }
const say = console.error
let directory: string

/** Puts a shell script in front of the machine's own programs. */
function program(name: string, script: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(directory, name), 0o755)
}

/** A Debian with one package, whose apt-get notes what it was asked for and goes on as told. */
function debian(aptGet: string): void {
  program('dpkg-query', 'echo "installed here"; exit 1')
  program('apt-get', `shift 3; echo "$@" >> ${directory}/asked; ${aptGet}`)
}

const asked = () => readFileSync(join(directory, 'asked'), 'utf8').trim().split('\n')
const install = 'install --yes --no-install-recommends missing'

async function complaint(names: string[]): Promise<string> {
  const ended = await ensurePackages('the demo', names).catch((error: unknown) => error)
  assert.instance(ended, Missing)
  return (ended as Missing).message
}

test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'patchbay-setup-'))
  process.env.PATH = `${directory}:${PATH}`
  process.getuid = () => 0
  console.error = () => {}
})

test.after.each(() => {
  Object.assign(process.env, { PATH })
  process.getuid = getuid as () => number
  console.error = say
  rmSync(directory, { recursive: true })
})

test('packages that are there are not asked for', async () => {
  debian('exit 0')
  await ensurePackages('the demo', ['here'])
  assert.throws(asked, /ENOENT/)
})

test('only what is missing is installed, with the package lists as they are', async () => {
  debian('exit 0')
  await ensurePackages('the demo', ['here', 'missing'])
  assert.equal(asked(), [install])
})

test('when the package lists do not do, they are brought up to date once', async () => {
  debian(`[ -e ${directory}/updated ] || { [ "$1" = update ] && touch ${directory}/updated; }`)
  await ensurePackages('the demo', ['missing'])
  assert.equal(asked(), [install, 'update', install])
})

test('what cannot be installed is named', async () => {
  debian('[ "$1" = update ]')
  assert.match(
    await complaint(['here', 'missing']),
    /^the demo needs .*could not.*: apt-get install missing$/,
  )
})

test('who is not root is told what to install, and apt is not run', async () => {
  debian('exit 0')
  process.getuid = () => 1000
  assert.match(await complaint(['missing']), /^the demo needs .*as root: apt-get install missing$/)
  assert.throws(asked, /ENOENT/)
})

test.run()
