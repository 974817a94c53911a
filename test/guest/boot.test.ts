/** A guest: the output and status of a command in it, and no change that remains after it. */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { runInGuest } from './boot.ts'
import { probeCommand } from './features.ts'

const directory = mkdtempSync(join(tmpdir(), 'patchbay-guest-'))
const shell = (script: string, options = {}) => runInGuest(['sh', '-c', script], options)

test.after(() => rmSync(directory, { recursive: true }))

test('output, errors and exit status of a command on another kernel come back separately', async () => {
  const { stdout, stderr, status } = await shell('uname -r; echo trouble >&2; exit 3')
  assert.match(stdout, /^\d+\.\d+.*\n$/)
  assert.is.not(stdout.trim(), release())
  assert.equal([stderr, status], ['trouble\n', 3])
})

test('a megabyte of output comes back whole', async () => {
  const { stdout } = await shell('seq 150000')
  assert.is(stdout, Array.from({ length: 150_000 }, (_, index) => `${index + 1}\n`).join(''))
})

test('the command gets its arguments, directory and environment unchanged', async () => {
  const words = ['sh', '-c', 'pwd; echo "$GREETING"; printf "<%s>" "$@"', 'sh', 'two words', "it's", '']
  const env = { PATH: process.env.PATH, GREETING: 'a  b' }
  const { stdout } = await runInGuest(words, { cwd: directory, env })
  assert.is(stdout, `${directory}\na  b\n<two words><it's><>`)
})

test('the command may write anywhere, and the host’s files stay unchanged', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, 'kept')
  const { stdout, stderr } = await shell(
    `echo lost > ${file}; cat ${file}; touch ${directory}/more; ls ${directory}`,
  )
  assert.equal([stdout, stderr], ['lost\nfile\nmore\n', ''])
  assert.not(existsSync(join(directory, 'more')))
})

/** With mount(2): hostfs takes a path as its option. */
const mountHost = 'LIBMOUNT_FORCE_MOUNT2=always mount -t hostfs'

test('the host’s files stay read-only when the command mounts them again', async () => {
  const { stderr, status } = await shell(`${mountHost} -o ${directory} none /mnt && touch /mnt/evil`)
  assert.is.not(status, 0)
  assert.match(stderr, 'Read-only file system')
  assert.not(existsSync(join(directory, 'evil')))
})

test('what the command writes in the output directory stays, and nothing beside it', async () => {
  const output = join(directory, 'out put')
  mkdirSync(output)
  const script = `cd '${output}' && mkdir in && echo kept > in/file && ln -s .. up; echo lost > up/beside; cat ../beside`
  const { stdout } = await shell(script, { output })
  assert.is(stdout, 'lost\n')
  assert.is(readFileSync(join(output, 'in/file'), 'utf8'), 'kept\n')
  assert.not(existsSync(join(directory, 'beside')))
})

test('with an output directory, the host’s other files stay read-only when the command mounts them again', async () => {
  const output = join(directory, 'output')
  mkdirSync(output)
  const { stderr, status } = await shell(`${mountHost} -o ${directory} none /mnt && touch /mnt/evil`, {
    output,
  })
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

test('it has the features that tests need a guest for', async () => {
  const { stdout } = await runInGuest(probeCommand())
  for (const feature of ['bridge vlan_filtering', 'link vlan']) assert.match(stdout, `${feature}\n`)
})

test('a command that does not end is stopped, and its output until then is kept', async () => {
  let timeout = 6
  await until(
    'it has begun in time',
    async () => {
      timeout *= 2
      const { stdout, stderr, status } = await shell('echo begun; sleep 1000', { timeout })
      assert.match(stderr, `killed after ${timeout} s`)
      assert.is(status, 124)
      return stdout === 'begun\n'
    },
    600,
  )
})

/** The child that runs a program. The caller starts other children for a moment, to see what is installed. */
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

test('a guest ends with the process that started it, also when that is killed', async () => {
  const program = `import(${JSON.stringify(join(import.meta.dirname, 'boot.ts'))}).then(({ runInGuest }) => runInGuest(['sleep', '1000']))`
  const caller = spawn(process.execPath, ['--eval', program], { stdio: 'ignore' })
  const first = await childOf(await childOf(caller.pid, 'unshare'), 'confine.sh')
  caller.kill('SIGKILL')
  // With the first process of their pid namespace all others end.
  await until('the guest has ended', () => !existsSync(`/proc/${first}`))
})

test('a guest that dies returns the last messages of its kernel', async () => {
  const death = await shell('echo c > /proc/sysrq-trigger; sleep 60').catch(String)
  assert.match(String(death), /Linux \d.* died in the guest; its last messages:\n.*Kernel panic.*sysrq/s)
  assert.not.match(String(death), 'Call Trace')
})

test.run()
