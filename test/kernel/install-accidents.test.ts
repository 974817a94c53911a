/** `patchbay install` and `uninstall` with a killed process, a held lock, a closed output, and another program named `patchbay`. */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import { privateHost } from '../harness/host.ts'
import { newDirectory, operate as operateAs } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const patchbay = `${executables('test')}/patchbay`
/** Runs `patchbay`, which must end with a status. @returns what it printed */
const operate = (words: string, status: number | null = 0, env: Record<string, string> = {}) =>
  operateAs(patchbay, words, status, env)

test('an uninstall that is killed is completed by the next one', () => {
  for (const nth of [1, 5, 28, 29, 30]) {
    const to = newDirectory()
    operate(`install --to ${to}`)
    operate(`uninstall --from ${to}`, null, { PATCHBAY_FAULT: `${syscallNumbers.unlinkat}:${nth}:kill` })
    operate(`uninstall --from ${to}`)
    assert.equal(readdirSync(to), [], `call ${nth}`)
  }
})

test('a downgrade removes the links of plugins that only the newer version has', () => {
  const to = newDirectory()
  operate(`install --to ${to}`)
  const path = `${to}/.patchbay/manifest.json`
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...manifest, names: [...manifest.names, 'newer', 'taken'] }))
  symlinkSync('patchbay', `${to}/newer`)
  cpSync('/bin/true', `${to}/taken`)
  assert.match(operate(`install --to ${to}`), `remove ${to}/newer`)
  assert.equal([existsSync(`${to}/newer`), existsSync(`${to}/taken`)], [false, true])
})

test('a directory that another process has locked is refused after 10 seconds, and is as it was', () => {
  const to = newDirectory()
  const line = `flock ${to} env PATCHBAY_HASTE=100 ${patchbay} install --to ${to}`
  const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
  assert.is(status, 1)
  assert.match(stderr, 'has been changing')
  assert.equal(readdirSync(to), [])
})

test('an install whose output is closed is complete all the same', () => {
  const to = newDirectory()
  const pipe = `${to}.pipe`
  const closed = `mkfifo ${pipe}; exec 3<>${pipe} 4>${pipe} 3<&-; exec ${patchbay} install --to ${to} >&4`
  assert.is(spawnSync('sh', ['-c', closed], { timeout: 60_000 }).status, 0)
  assert.match(operate(`install --check --to ${to}`), 'all is as it was installed')
})

test('another program named patchbay is refused, kept by --replace and put back', () => {
  const to = newDirectory()
  cpSync('/bin/true', `${to}/patchbay`)
  assert.match(operate(`install --to ${to}`, 1), 'plugins: patchbay')
  operate(`install --to ${to} --replace`)
  operate(`install --check --to ${to}`)
  operate(`uninstall --from ${to}`)
  assert.equal(readdirSync(to), ['patchbay'])
  assert.is(lstatSync(`${to}/patchbay`).size, lstatSync('/bin/true').size)
})

test.run()
