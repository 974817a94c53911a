/** Doctor's report, the settings of runtimes, versions, and the screen of status. */

import * as assert from 'uvu/assert'
import type { z } from 'zod'
import { answer as shape } from '../../../cli/answers/status.ts'
import { faults } from '../../../cli/doctor/faults.ts'
import { examine } from '../../../cli/doctor/frame/examine.ts'
import type { Fault, Finding } from '../../../cli/doctor/frame/fault.ts'
import { report } from '../../../cli/doctor/frame/report.ts'
import { settled } from '../../../cli/doctor/frame/settled.ts'
import { nodeFaults } from '../../../cli/doctor/node/faults.ts'
import { brief, screen } from '../../../cli/doctor/status-text.ts'
import { topicOf } from '../../../cli/doctor/topics.ts'
import { file } from '../../../cli/form/page.ts'
import { word } from '../../../cli/form/shell.ts'
import { newestOfRuntime } from '../../../cli/host/cni-versions.ts'
import { isAtLeast } from '../../../cli/host/program-version.ts'
import { parseToml } from '../../../cli/host/toml.ts'
import { Errno, KernelError } from '../../../shared/kernel/errno.ts'
import { command } from '../../harness/command.ts'
import { cpuSeconds } from '../../harness/cpu.ts'
import { test } from '../../harness/test.ts'

const hostile = `\u001b]0;title\u0007\u009b31m\u202ename\n\u2028${'x'.repeat(1 << 20)}`

const finding: Finding = {
  subject: hostile,
  cause: hostile,
  evidence: [{ where: hostile, value: hostile }],
  mend: [`rm ${word('short\u001b[31m')}`, `rm ${word(hostile)}`],
}

const fault = (id: string, look: Fault['look']): Fault => ({ id, title: id, severity: 'error', look })

test('a hostile name cannot change the terminal, and a command is whole or not shown', async () => {
  const view = { plugins: {}, leftOut: () => {} }
  const found = await examine([fault('one', () => [finding])], view)
  const text = report(file, found)
  assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u)
  assert.is(text.split('\n').length, 6)
  assert.ok(text.length < 5000, String(text.length))
  assert.match(text, 'characters that cannot be printed')
  assert.match(text, 'too long to print')
})

test('a fault that cannot be looked for is named with its reason, and the others are found', async () => {
  const refuse = () => {
    throw new KernelError(Errno.EACCES, 'open /x')
  }
  const unseen: string[] = []
  const view = { plugins: {}, leftOut: (where: string, why: string) => unseen.push(`${where}: ${why}`) }
  const found = await examine([fault('a', refuse), fault('b', () => [finding]), fault('c', refuse)], view)
  assert.equal(
    found.map((one) => one.fault),
    ['b'],
  )
  assert.equal(unseen, ['a, c: open /x: EACCES'])
})

test('of what an ADD or a DEL may have made a fault for a moment, only what a second look has is found', async () => {
  const looks = [
    ['gone soon', 'stays'],
    ['stays', 'new'],
  ]
  const passing = fault('a', () => (looks.shift() ?? []).map((subject) => ({ ...finding, subject })))
  const found = await examine([settled(passing)], { plugins: {}, leftOut: () => {} })
  assert.equal(
    found.map(({ subject }) => subject),
    ['stays'],
  )
})

test('each fault has a name of its own and a line of status', () => {
  const ids = faults.map(({ id }) => id)
  assert.is(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[a-z0-9-]+$/)
  for (const { id } of nodeFaults) assert.is.not(topicOf(id), 'links', id)
  assert.ok(ids.length >= 20)
})

test('a word for a shell is one word, whatever is in it', () => {
  for (const text of ["it's", '$(touch x)', 'a b', '`x`', '', '-n', '*', '\\', '"', 'plain/path-1.conf'])
    assert.is(command('sh', '-c', `printf %s. ${word(text)}`), `${text}.`)
})

test('settings of runtimes: tables, quoted keys, both kinds of texts, lists over several lines, comments', () => {
  const text = `
version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins]
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/a#b" # a comment
    'conf_dir' = '/c'
    max_conf_num = 0
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [
    "/x", # the first
    '/y',
  ]
  use_internal_loopback = true
[[others]]
bin_dir = "no"
not a setting
`
  const settings = parseToml(text)
  const old = 'plugins.io.containerd.grpc.v1.cri.cni'
  assert.equal(settings.get('imports'), ['/etc/containerd/conf.d/*.toml'])
  assert.is(settings.get(`${old}.bin_dir`), '/a#b')
  assert.is(settings.get(`${old}.conf_dir`), '/c')
  assert.is(settings.get(`${old}.max_conf_num`), 0)
  assert.equal(settings.get('plugins.io.containerd.cri.v1.runtime.cni.bin_dirs'), ['/x', '/y'])
  assert.is(settings.get('plugins.io.containerd.cri.v1.runtime.cni.use_internal_loopback'), true)
  assert.is(settings.get('bin_dir'), undefined)
})

test('a hostile file of settings takes no time', async () => {
  for (const line of ['a = [', '"\\', "'", '#"', '[a.'.repeat(9), 'a = "'.repeat(9)])
    assert.ok((await cpuSeconds(() => parseToml(`${line}\n`.repeat(100_000)))) < 5, line)
})

test('which version of CNI a release of a runtime takes', () => {
  assert.equal(
    ['1.5.9', '1.6.20', '1.7.24', '2.0.0', '10.0.0'].map((release) => newestOfRuntime('containerd', release)),
    ['0.4.0', '1.0.0', '1.0.0', '1.1.0', '1.1.0'],
  )
  assert.ok(isAtLeast('1.10.0', '1.9.2'))
  assert.not(isAtLeast('1.9.2', '1.10'))
})

type Status = z.infer<typeof shape>

const line = (subject: string, text = 'x'): Status['lines'][number] => ({
  subject,
  state: 'ok',
  text,
  remedy: '',
})

const status: Status = {
  worst: 'warning',
  lines: [line('lists', hostile), line('ranges', 'net1 10.0.0.0/24'), line('ranges', 'net2 10.1.0.0/24')],
  executable: { file: '/x', version: '1', engine: 'quickjs', architecture: 'x64' },
  runtimes: [{ name: 'containerd', version: '1.7.24', running: true, cni: true }],
  ...{ lists: [], plugins: [], links: { total: 1, ofContainers: 0 }, state: [], ranges: [], firewall: null },
  kernel: { release: '6.1', kinds: [], missing: null },
  leases: null,
  attachments: { live: 3, ended: 0, unknown: 0 },
  findings: { error: 0, warning: 2, leak: 1 },
}

test('the screen of status fits a terminal, whatever names say; --brief is one line', () => {
  shape.parse(status)
  const page = { ...file, width: 80 }
  const lines = screen(page, status).split('\n')
  assert.ok(lines.length < 12, `${lines.length} lines`)
  for (const one of lines) assert.ok([...one].length <= 80 && !/[\p{Cc}\p{Cf}]/u.test(one), one)
  assert.match(lines.at(-1) ?? '', /^warning +doctor +2 warnings, 1 leak +patchbay doctor$/)
  assert.is(
    brief(page, status),
    'warning: containerd 1.7.24, 0 lists, 3 attachments live, 2 warnings, 1 leak',
  )
})

test.run()
