/** `patchbay install` and `uninstall`, in directories of their own: also interrupted, beside running plugins, on full and read-only file systems. */
// packages: containernetworking-plugins

import { spawn } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import { plugins } from '../../plugins/registry.ts'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import { command } from '../harness/command.ts'
import { isFullRun } from '../harness/full.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { newDirectory, operate as operateAs, run } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const patchbay = `${executables('quickjs')}/patchbay`
const names = Object.keys(plugins).sort()
/** Runs `patchbay`, which must end with a status. @returns its output, and its errors */
const operate = (words: string, status = 0, file = patchbay) => operateAs(file, words, status)

/** An executable with other bytes, as a version before has. */
function older(file = patchbay): string {
  const path = `${newDirectory()}/patchbay`
  cpSync(file, path)
  appendFileSync(path, 'older')
  return path
}

/** A plugin of ours answers by its name. */
function works(directory: string): boolean {
  const { status, stdout } = run(`${directory}/bridge`, 'x', { CNI_COMMAND: 'VERSION' })
  return status === 0 && JSON.parse(stdout).supportedVersions.includes('1.0.0')
}

/** All files below a directory, with what they are. */
function listing(directory: string): string[] {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return paths.map((path) => {
    const { mode, size } = lstatSync(`${directory}/${path}`)
    return `${path} ${mode.toString(8)} ${size}`
  })
}

test('each plugin is a link to one executable, a second install has nothing to do, uninstall leaves nothing', () => {
  const to = `${newDirectory()}/not/there`
  assert.match(operate(`install --to ${to} --dry-run`), 'nothing was changed')
  assert.not(existsSync(to), 'a dry run changes nothing')
  operate(`install --to ${to}`)
  for (const name of names) assert.is(readlinkSync(`${to}/${name}`), 'patchbay')
  assert.equal(readFileSync(`${to}/patchbay`), readFileSync(patchbay))
  assert.is(statSync(`${to}/patchbay`).mode & 0o777, 0o755)
  assert.ok(works(to))
  assert.match(operate(`install --to ${to}`), 'nothing to do')
  assert.match(operate(`install --to ${to}`, 0, `${to}/patchbay`), 'nothing to do')
  operate(`install --check --to ${to}`)
  assert.match(operate(`uninstall --from ${to}`, 0, `${to}/patchbay`), 'is removed')
  assert.equal(readdirSync(to), [])
  assert.match(operate(`uninstall --from ${to}`), 'nothing is installed')
})

test('a directory that is a symlink to another file system is installed into', () => {
  const [real, base] = [newDirectory(), newDirectory()]
  command('mount', '-t', 'tmpfs', 'tmpfs', real)
  symlinkSync(real, `${base}/bin`)
  operate(`install --to ${base}/bin`)
  assert.ok(works(`${base}/bin`) && works(real))
})

test('copies that cp -L makes work, and are ours for the next install', () => {
  const [to, copy] = [newDirectory(), newDirectory()]
  operate(`install --to ${to}`)
  command('sh', '-c', `cd ${to}; cp -L patchbay bridge vlan ${copy}/`)
  assert.ok(works(copy))
  operate(`install --to ${copy}`)
  assert.is(readlinkSync(`${copy}/bridge`), 'patchbay')
})

test("plugins of others are refused, all in one message; --replace keeps the reference's, and uninstall puts them back", () => {
  const to = newDirectory()
  cpSync('/usr/lib/cni', to, { recursive: true })
  const before = listing(to)
  const refusal = operate(`install --to ${to}`, 1)
  for (const name of ['bridge', 'host-local', 'portmap']) assert.match(refusal, name)
  assert.equal(listing(to), before, 'nothing was changed')
  operate(`install --to ${to} --replace`)
  assert.ok(works(to) && existsSync(`${to}/dhcp`))
  operate(`install --check --to ${to}`)
  assert.match(operate(`install --to ${to}`), 'nothing to do')
  operate(`uninstall --from ${to}`)
  assert.equal(listing(to), before)
})

test('--check finds a missing link, a plugin of another, changed bytes, a lost mode and a name that is before ours in CNI_PATH', () => {
  const to = newDirectory()
  const damage: [script: string, finding: string][] = [
    ['rm bridge', 'bridge: missing'],
    ['rm vlan; cp /bin/true vlan', "vlan: another program's"],
    ['echo x >> patchbay', 'its bytes differ'],
    ['chmod 644 patchbay', 'not executable'],
    ['rm .patchbay/manifest.json', 'missing or damaged'],
    ['rm -r *', 'patchbay: missing'],
  ]
  for (const [script, finding] of damage) {
    operate(`install --to ${to} --replace`)
    command('sh', '-c', `cd ${to}; ${script}`)
    assert.match(operate(`install --check --to ${to}`, 1), finding)
  }
  operate(`install --to ${to}`)
  const first = newDirectory()
  cpSync('/bin/true', `${first}/ptp`)
  const { status, stdout } = run(patchbay, `install --check --to ${to}`, { CNI_PATH: `${first}:${to}` })
  assert.is(status, 1)
  assert.match(stdout, `${first}/ptp is before it`)
})

test('a slip in a verb, a flag or a name is refused with what is meant, and has status 2', () => {
  assert.match(operate('instal', 2), 'did you mean install?')
  assert.match(operate('reconcile a b', 2), 'unexpected word "b"')
  assert.match(operate('--help'), 'usage: patchbay')
  assert.match(operate('install --repalce', 2), 'did you mean --replace')
  assert.match(operate('install --engine bun', 2), 'there are quickjs, node')
  assert.match(operate('install --to', 2), 'needs a value')
  assert.match(operate('install --check --replace', 2), '--replace')
  assert.match(operate(`install --to ${scratch} --conf brige`, 2), 'did you mean bridge')
})

test('--conf writes networks, twice the same, and overwrites no different file', () => {
  const base = newDirectory()
  const words = `install --to ${base}/bin --conf-to ${base}/net --conf`
  operate(`${words} bridge 90-vlan`)
  const example = new URL('../../conf-examples/10-bridge.conflist', import.meta.url)
  assert.equal(readFileSync(`${base}/net/10-bridge.conflist`), readFileSync(example))
  assert.ok(existsSync(`${base}/net/90-vlan.conflist`))
  assert.match(operate(`${words} bridge`), 'nothing to do')
  writeFileSync(`${base}/net/10-bridge.conflist`, '{}')
  assert.match(operate(`${words} bridge ptp`, 1), '10-bridge.conflist')
  assert.not(existsSync(`${base}/net/100-ptp.conflist`), 'nothing was changed')
})

test("--netavark makes drivers that lead to the executable; bridge, macvlan and ipvlan have netavark's own names free", () => {
  const base = newDirectory()
  operate(`install --to ${base}/bin --netavark=${base}/lib/netavark`)
  const drivers = readdirSync(`${base}/lib/netavark`)
  for (const name of ['vlan', 'patchbay-bridge', 'patchbay-macvlan', 'patchbay-ipvlan'])
    assert.ok(drivers.includes(name), name)
  for (const name of ['bridge', 'macvlan', 'portmap', 'host-local']) assert.not(drivers.includes(name), name)
  assert.is(statSync(`${base}/lib/netavark/vlan`).ino, statSync(`${base}/bin/patchbay`).ino)
  rmSync(`${base}/lib/netavark/vlan`)
  assert.match(operate(`install --check --to ${base}/bin`, 1), 'netavark/vlan')
  operate(`uninstall --from ${base}/bin`)
  assert.equal(readdirSync(`${base}/lib/netavark`), [])
})

test('a full disk and a read-only directory are errors that leave what was there', () => {
  const to = newDirectory()
  command('mount', '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', to)
  operate(`install --to ${to}`, 0, older())
  const before = listing(to)
  assert.match(operate(`install --to ${to}`, 1), 'ENOSPC')
  assert.equal(listing(to), before)
  command('mount', '-o', 'remount,ro', to)
  assert.match(operate(`install --to ${to}`, 1), 'EROFS')
  assert.ok(works(to))
  assert.match(operate(`install --check --to ${to}`, 0, `${to}/patchbay`), 'all is as it was installed')
})

test('plugins that run while versions replace each other never fail', async () => {
  const [to, { path }] = [newDirectory(), newContainer()]
  const versions = [patchbay, older()]
  operate(`install --to ${to}`)
  const config = `${to}.json`
  writeFileSync(config, '{ "cniVersion": "1.0.0", "name": "while", "type": "bridge", "bridge": "while0" }')
  const call = (verb: string) =>
    `CNI_COMMAND=${verb} ${to}/bridge < ${config} >> ${to}.out 2>&1 || echo ${verb} >> ${to}.failed`
  const loop = `until [ -e ${to}.stop ]; do ${call('ADD')}; ${call('DEL')}; echo >> ${to}.rounds; done`
  const env = {
    PATH: process.env.PATH,
    CNI_CONTAINERID: 'while',
    CNI_NETNS: path,
    CNI_IFNAME: 'eth0',
    CNI_PATH: to,
  }
  const ended = new Promise((resolve) => spawn('sh', ['-c', loop], { env }).on('exit', resolve))
  const rounds = () => (existsSync(`${to}.rounds`) ? statSync(`${to}.rounds`).size : 0)
  for (let i = 1; i <= 8; i++) {
    const done = rounds()
    operate(`install --to ${to}`, 0, versions[i % 2])
    await until('a round of ADD and DEL', () => rounds() > done)
  }
  writeFileSync(`${to}.stop`, '')
  await ended
  assert.not(existsSync(`${to}.failed`), existsSync(`${to}.failed`) ? readFileSync(`${to}.out`, 'utf8') : '')
})

test('installs at once wait for each other, and all succeed', async () => {
  const to = newDirectory()
  const files = [patchbay, older(), patchbay, older()]
  const statuses = files.map(
    (file) => new Promise((resolve) => spawn(file, ['install', '--to', to]).on('exit', resolve)),
  )
  assert.equal(await Promise.all(statuses), [0, 0, 0, 0])
  assert.ok(works(to))
  assert.equal(readdirSync(`${to}/.patchbay`), ['manifest.json'])
})

/** The calls that change something, each by the first and last of its number; with `npm run test:full` all. */
function places(trace: string): string[] {
  const changing = [
    'openat',
    'mkdirat',
    'linkat',
    'symlinkat',
    'renameat2',
    'unlinkat',
    'write',
    'fsync',
    'fchmod',
    'flock',
  ] as const
  const made = readFileSync(trace, 'utf8').trimEnd().split('\n')
  return changing.flatMap((name) => {
    const calls = made.filter((line) => line.startsWith(`${syscallNumbers[name]}:`))
    return isFullRun() ? calls : [...new Set([...calls.slice(0, 1), ...calls.slice(-1)])]
  })
}

for (const [what, action] of [
  ['killed', 'kill'],
  ['without room on the disk', '28'],
])
  test(`an install that is ${what} at any call leaves plugins that work, and the next one completes it`, () => {
    const testing = `${executables('test')}/patchbay`
    const old = older(testing)
    const begin = () => {
      const to = newDirectory()
      operate(`install --to ${to}`, 0, old)
      rmSync(`${to}/vlan`)
      cpSync('/usr/lib/cni/vlan', `${to}/vlan`)
      return to
    }
    const trace = `${newDirectory()}/calls`
    run(testing, `install --replace --to ${begin()}`, { PATCHBAY_CALLS: trace })
    const tried = places(trace)
    assert.ok(tried.length > 10, `${tried.length} places`)
    for (const place of tried) {
      const to = begin()
      run(testing, `install --replace --to ${to}`, { PATCHBAY_FAULT: `${place}:${action}` })
      assert.ok(works(to), place)
      assert.is(run(`${to}/vlan`, 'x', { CNI_COMMAND: 'VERSION' }).status, 0, place)
      operate(`install --replace --to ${to}`, 0, testing)
      operate(`install --check --to ${to}`, 0, testing)
      assert.equal(readdirSync(`${to}/.patchbay`), ['manifest.json', 'replaced'], place)
      operate(`uninstall --from ${to}`, 0, testing)
      assert.equal(readdirSync(to), ['vlan'], place)
      rmSync(to, { recursive: true })
    }
  })

test('the engine node installs itself, and is found beside', () => {
  const base = newDirectory()
  for (const engine of ['quickjs', 'node'] as const) {
    mkdirSync(`${base}/${engine}`)
    command('cp', '--reflink=auto', `${executables(engine)}/patchbay`, `${base}/${engine}/patchbay`)
  }
  operate(`install --engine node --to ${base}/bin`, 0, `${base}/quickjs/patchbay`)
  assert.ok(works(`${base}/bin`))
  assert.match(operate(`install --to ${base}/bin`, 0, `${base}/node/patchbay`), 'nothing to do')
  operate(`install --to ${base}/bin`, 0, `${base}/quickjs/patchbay`)
  assert.is(statSync(`${base}/bin/patchbay`).size, statSync(patchbay).size)
  rmSync(`${base}/node`, { recursive: true })
  assert.match(
    operate(`install --engine node --to ${base}/bin`, 1, `${base}/quickjs/patchbay`),
    'node.tar.gz',
  )
  rmSync(base, { recursive: true })
})

test('--agent installs the other executable as patchbay-agent, which runs verbs that need etcd; --check and uninstall know it', () => {
  const [base, bin] = [newDirectory(), newDirectory()]
  for (const [engine, file] of [
    ['quickjs', patchbay],
    ['node', older()],
  ] as const) {
    mkdirSync(`${base}/${engine}`)
    cpSync(file, `${base}/${engine}/patchbay`)
  }
  const own = `${base}/quickjs/patchbay`
  const store = `${base}/store.json`
  writeFileSync(store, '{"endpoints": ["http://127.0.0.1:1"], "host": "one"}')
  const ask = (file: string) => operate(`pool ls --store ${store}`, 1, file)
  assert.match(ask(patchbay), /127\.0\.0\.1:1: connection refused/)
  assert.match(ask(own), 'patchbay install --agent')

  assert.match(
    operate(`install --agent --to ${bin} --dry-run`, 0, own),
    `would write ${bin}/patchbay-agent: version`,
  )
  operate(`install --agent --to ${bin}`, 0, own)
  assert.is(statSync(`${bin}/patchbay-agent`).size, statSync(`${base}/node/patchbay`).size)
  assert.match(operate(`install --to ${bin}`, 0, own), 'nothing to do')
  operate(`install --check --to ${bin}`)
  appendFileSync(`${bin}/patchbay-agent`, 'x')
  assert.match(operate(`install --check --to ${bin}`, 1), 'patchbay-agent: its bytes differ')

  operate(`install --engine node --agent --to ${bin}`, 0, own)
  assert.is(readlinkSync(`${bin}/patchbay-agent`), 'patchbay')
  operate(`install --check --to ${bin}`)
  operate(`install --to ${bin}`, 0, own)
  assert.not(existsSync(`${bin}/patchbay-agent`), 'a link to the other engine has gone')
  symlinkSync('patchbay', `${bin}/patchbay-agent`)
  assert.match(ask(`${bin}/patchbay`), 'patchbay install --agent', 'it does not execute itself')
  operate(`uninstall --from ${bin}`, 0, own)
  assert.equal(readdirSync(bin), [])
  writeFileSync(`${bin}/patchbay-agent`, 'of another')
  assert.match(operate(`install --agent --to ${bin}`, 1, own), "patchbay-agent is another program's")
})

test.run()
