/** Set-up of a machine, with fake versions of Debian's programs. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ensurePackages, Missing } from '../../scripts/setup.ts'
import { test } from '../harness/test.ts'

const { PATH, getuid } = { PATH: process.env.PATH, getuid: process.getuid }
const say = console.error
let directory: string

/** Installs a shell script that is found before the machine's own programs. */
function program(name: string, script: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(directory, name), 0o755)
}

/** A Debian with one package, whose apt-get records its arguments and then runs the given line. */
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

test('installed packages are not installed again', async () => {
  debian('exit 0')
  await ensurePackages('the demo', ['here'])
  assert.throws(asked, /ENOENT/)
})

test('only missing packages are installed, without an update of the package lists', async () => {
  debian('exit 0')
  await ensurePackages('the demo', ['here', 'missing'])
  assert.equal(asked(), [install])
})

test('when the package lists are too old, they are updated once', async () => {
  debian(`[ -e ${directory}/updated ] || { [ "$1" = update ] && touch ${directory}/updated; }`)
  await ensurePackages('the demo', ['missing'])
  assert.equal(asked(), [install, 'update', install])
})

test('packages that cannot be installed are named', async () => {
  debian('[ "$1" = update ]')
  assert.match(
    await complaint(['here', 'missing']),
    /^the demo needs .*could not.*: apt-get install missing$/,
  )
})

test('two that need packages at the same time install them in turn', async () => {
  debian(`mkdir ${directory}/lock || exit 1; sleep 0.1; rmdir ${directory}/lock`)
  await Promise.all([ensurePackages('the demo', ['missing']), ensurePackages('the build', ['missing'])])
  assert.equal(asked(), [install, install])
})

test('a user who is not root sees what to install, and apt is not run', async () => {
  debian('exit 0')
  process.getuid = () => 1000
  assert.match(await complaint(['missing']), /^the demo needs .*as root: apt-get install missing$/)
  assert.throws(asked, /ENOENT/)
})

test.run()
