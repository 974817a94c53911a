/** A guest: what a command in it gives back, and that nothing it does outlives it. */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runInGuest } from './boot.ts'
import { probeCommand } from './features.ts'

const directory = mkdtempSync(join(tmpdir(), 'patchbay-guest-'))
const shell = (script: string, options = {}) => runInGuest(['sh', '-c', script], options)

test.after(() => rmSync(directory, { recursive: true }))

test('output, errors and exit status come back apart from each other, from another kernel', async () => {
  const { stdout, stderr, status } = await shell('uname -r; echo trouble >&2; exit 3')
  assert.match(stdout, /^\d+\.\d+.*\n$/)
  assert.is.not(stdout.trim(), release())
  assert.equal([stderr, status], ['trouble\n', 3])
})

test('a megabyte of output comes back whole', async () => {
  const { stdout } = await shell('seq 150000')
  assert.is(stdout, Array.from({ length: 150_000 }, (_, index) => `${index + 1}\n`).join(''))
})

test('the command gets its words, folder and environment as they are', async () => {
  const words = ['sh', '-c', 'pwd; echo "$GREETING"; printf "<%s>" "$@"', 'sh', 'two words', "it's", '']
  const env = { PATH: process.env.PATH, GREETING: 'a  b' }
  const { stdout } = await runInGuest(words, { cwd: directory, env })
  assert.is(stdout, `${directory}\na  b\n<two words><it's><>`)
})

test('the command writes wherever it likes, and the host keeps its files', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, 'kept')
  const { stdout, stderr } = await shell(
    `echo lost > ${file}; cat ${file}; touch ${directory}/more; ls ${directory}`,
  )
  assert.equal([stdout, stderr], ['lost\nfile\nmore\n', ''])
  assert.not(existsSync(join(directory, 'more')))
})

/** By mount(2), which takes a path for an option. */
const mountHost = 'LIBMOUNT_FORCE_MOUNT2=always mount -t hostfs'

test('not even by mounting the host’s files anew can they be written', async () => {
  const { stderr, status } = await shell(`${mountHost} -o ${directory} none /mnt && touch /mnt/evil`)
  assert.is.not(status, 0)
  assert.match(stderr, 'Read-only file system')
  assert.not(existsSync(join(directory, 'evil')))
})

test('network namespaces can be made by name, and this project’s Node runs', async () => {
  const { stdout } = await shell(
    `ip netns add one && ip netns list && ${process.execPath} --print process.version`,
  )
  assert.is(stdout, `one\n${process.version}\n`)
})

test('it has what tests are taken there for', async () => {
  const { stdout } = await runInGuest(probeCommand())
  for (const feature of ['bridge vlan_filtering', 'link vlan']) assert.match(stdout, `${feature}\n`)
})

test('a command that does not end is stopped, and what it said until then is kept', async () => {
  const { stdout, stderr, status } = await shell('echo begun; sleep 1000', { timeout: 12 })
  assert.equal([stdout, status], ['begun\n', 124])
  assert.match(stderr, 'killed after 12 s')
})

/** The child that runs a program, once there is one: the caller has others for a moment, to see what is installed. */
async function childOf(parent: number | undefined, program: string): Promise<number> {
  const isIt = (stat: string) =>
    stat.includes(` (${program}) `) && stat.split(') ')[1]?.split(' ')[1] === String(parent)
  const found = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && isIt(statOf(pid)))
  return found ? Number(found) : wait(50).then(() => childOf(parent, program))
}

/** /proc/PID/stat (proc(5)): `PID (program) state parent …`; empty for a process that just ended. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}

test('a guest ends with whoever started it, however that ends', async () => {
  const program = `import(${JSON.stringify(join(import.meta.dirname, 'boot.ts'))}).then(({ runInGuest }) => runInGuest(['sleep', '1000']))`
  const caller = spawn(process.execPath, ['--eval', program], { stdio: 'ignore' })
  const first = await childOf(await childOf(caller.pid, 'unshare'), 'confine.sh')
  caller.kill('SIGKILL')
  for (let tries = 0; existsSync(`/proc/${first}`) && tries < 100; tries++) await wait(50)
  assert.not(existsSync(`/proc/${first}`), 'the first process of its pid namespace, with which all others go')
})

test('a guest that dies says what its kernel said last', async () => {
  const death = await shell('echo c > /proc/sysrq-trigger; sleep 60', { timeout: 30 }).catch(String)
  assert.match(String(death), /Linux \d.* died in the guest; its last words:\n.*Kernel panic.*sysrq/s)
  assert.not.match(String(death), 'Call Trace')
})

test.run()
