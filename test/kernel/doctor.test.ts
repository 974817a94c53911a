/** `patchbay doctor`: faults of plugins, lists, runtimes, state and addresses are made, found, mended by the printed commands, and gone. */
// needs: nft ip

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { findings, foundAndMended, mend, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { hostLocal, ptpNetwork } from '../harness/networks.ts'
import { newDirectory, operate, run } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { start } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
const lists = '/etc/cni/net.d'
const cache = '/var/lib/cni/results'
// In a PID namespace of its own gc tells what has ended only where the records are.
mkdirSync('/run/patchbay')
ownEtc(lists, '/etc/containers/networks', '/etc/containerd', '/etc/crio', '/etc/containers/containers.conf.d')

/** Runtimes that are installed: programs that only tell a version. */
const programs = newDirectory()
const runtime = { PATH: `${programs}:${process.env.PATH}` }

function installed(name: string, version: string): void {
  writeFileSync(`${programs}/${name}`, `#!/bin/sh\necho ${name} github.com/x ${version}\n`, { mode: 0o755 })
}

function clear(): void {
  for (const directory of [lists, programs])
    for (const name of readdirSync(directory)) rmSync(`${directory}/${name}`)
  for (const file of ['/etc/containerd/config.toml', '/etc/crio/crio.conf']) rmSync(file, { force: true })
}

/** A directory with the executable and a link for each plugin. */
function plugins(): string {
  const directory = newDirectory()
  operate(`${executables()}/patchbay`, `install --to ${directory}`)
  return directory
}

/** containerd is installed, and looks for plugins in a directory. */
function containerd(directory: string, version = '1.7.24'): void {
  installed('containerd', version)
  writeFileSync('/etc/containerd/config.toml', settings(directory))
}

function settings(directory: string, more = ''): string {
  const table = '[plugins."io.containerd.grpc.v1.cri".cni]'
  return `version = 2 # the form\n${table}\n  bin_dir = "${directory}"\n  ${more}\n`
}

function list(name: string, network: Network): string {
  writeFileSync(`${lists}/${name}`, JSON.stringify(network, null, 2), { mode: 0o600 })
  return `${lists}/${name}`
}

const ptp = (keys: Record<string, unknown> = {}) => ptpNetwork(keys, '1.0.0')

test('an empty node has no fault', () => silent())

test('plugins are in another directory than the one that containerd looks in', async () => {
  containerd(`${scratch}/wanted`)
  const file = list('10-a.conflist', ptp())
  const found = await foundAndMended('plugin-elsewhere', () => {}, runtime)
  assert.is(found.subject, file)
  assert.match(found.cause, `containerd looks for ptp, host-local in ${scratch}/wanted`)
  assert.match(
    found.evidence[0]?.where ?? '',
    '/etc/containerd/config.toml: plugins.io.containerd.grpc.v1.cri.cni.bin_dir',
  )
  assert.ok(existsSync(`${scratch}/wanted/ptp`))
  clear()
})

test('in the directory of plugins: one is missing, may not be executed, leads nowhere, is for another processor', async () => {
  const directory = plugins()
  containerd(directory)
  list('10-a.conflist', ptp())
  await silent('', runtime)
  await foundAndMended('plugin-elsewhere', () => rmSync(`${directory}/ptp`), runtime)
  await foundAndMended('plugin-not-executable', () => chmodSync(`${directory}/patchbay`, 0o644), runtime)
  await foundAndMended(
    'dangling-plugin',
    () => {
      rmSync(`${directory}/ptp`)
      symlinkSync('/nowhere/ptp', `${directory}/ptp`)
    },
    runtime,
  )
  const found = await foundAndMended('plugin-architecture', () => otherProcessor(`${directory}/ptp`), runtime)
  assert.match(found.cause, 'it is for arm64, this machine is x64')
  await foundAndMended('dangling-plugin', () => rmSync(`${directory}/patchbay`), runtime)
  clear()
})

/** A program for the other processor in the place of a link: e_machine is at byte 18 of an ELF header. */
function otherProcessor(path: string): void {
  rmSync(path)
  copyFileSync('/bin/true', path)
  const bytes = readFileSync(path)
  bytes.writeUInt16LE(bytes.readUInt16LE(18) === 62 ? 183 : 62, 18)
  writeFileSync(path, bytes)
}

test('podman looks in its own directories for plugins, and takes all lists', async () => {
  installed('podman', '4.3.1')
  const settings = '/etc/containers/containers.conf.d/90-cni.conf'
  writeFileSync(settings, `[network]\nnetwork_backend = "cni"\ncni_plugin_dirs = ["${scratch}/podman"]\n`)
  for (const name of ['10-a.conflist', '20-b.conflist']) list(name, ptp())
  const found = await foundAndMended('plugin-elsewhere', () => {}, runtime)
  assert.match(found.cause, `podman looks for ptp, host-local in ${scratch}/podman`)
  rmSync(settings)
  clear()
})

test('--before looks at what must be so before the first pod, and at nothing else', async () => {
  await foundAndMended('ended-attachment', async () => {
    await ended(ptp())
    assert.equal(findings('--before'), [])
  })
  const net = ptp()
  list('10-a.conflist', { ...net, plugins: [...net.plugins, { type: 'nosuch' }] })
  const before = findings('--before').map(({ fault }) => fault)
  assert.equal(before, ['plugin-missing'])
  clear()
})

test('without a runtime a list of which no plugin is installed is for none, as that of podman’s package with netavark', async () => {
  list('87-podman-bridge.conflist', { ...ptp(), plugins: [{ type: 'nosuch' }] })
  await silent()
  clear()
})

test('hostile names in lists and caches reach neither terminal nor a command that is pasted', async () => {
  const escapes = '\u001b]0;x\u0007\u202e\n'
  const huge = 'x'.repeat(1 << 18)
  writeFileSync(
    `${lists}/10-${escapes}'; touch ${'harm'}; '.conflist`,
    JSON.stringify({ ...ptp(), plugins: [{ type: escapes }, { type: huge }] }),
  )
  writeFileSync(
    `${lists}/20.conflist`,
    JSON.stringify({ name: huge, cniVersion: huge, plugins: [{ type: 'ptp' }] }),
    { mode: 0o666 },
  )
  writeFileSync(`${cache}/${escapes}`, `{"kind": "${escapes}"}`)
  for (const words of ['doctor', 'doctor -o json', 'status', 'status -o yaml', 'status --brief']) {
    const said = operate(`${executables()}/patchbay`, words, 1)
    assert.not.match(said.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, words)
    assert.ok(said.length < 30_000, `${words}: ${said.length}`)
  }
  for (const one of findings()) mend(one)
  assert.not(existsSync('harm'))
  clear()
  for (const name of readdirSync(cache)) rmSync(`${cache}/${name}`)
})

test('a list names a plugin of another project that is nowhere', async () => {
  const net = ptp()
  const found = await foundAndMended('plugin-missing', () =>
    list('10-a.conflist', { ...net, plugins: [...net.plugins, { type: 'sriov' }] }),
  )
  assert.match(found.cause, 'sriov not installed')
  clear()
})

test('containerd has no list, where a kubelet runs', async () => {
  const directory = plugins()
  containerd(directory)
  const running = ['containerd', 'kubelet'].map((name) => {
    copyFileSync('/bin/sleep', `${programs}/${name}`)
    return start(`${programs}/${name}`, ['1000'])
  })
  // sleep tells no version of containerd, which is said on standard error.
  const found = () => JSON.parse(run(`${directory}/patchbay`, 'doctor --before -o json', runtime).stdout)
  const [first, ...others] = found()
  assert.equal([first.fault, first.subject, others], ['no-list', lists, []])
  mend(first)
  assert.equal(found(), [])
  for (const one of running) one.kill()
  for (const one of running) await one.ended
  clear()
})

test('containerd lacks loopback, unless it has its own; another project’s plugin is before ours; the directory is mounted noexec', async () => {
  const directory = plugins()
  containerd(directory)
  copyFileSync('/bin/sleep', `${programs}/containerd`)
  const running = start(`${programs}/containerd`, ['1000'])
  await foundAndMended('loopback-missing', () => rmSync(`${directory}/loopback`), runtime)
  rmSync(`${directory}/loopback`)
  writeFileSync('/etc/containerd/config.toml', settings(directory, 'use_internal_loopback = true'))
  await silent('', runtime)
  running.kill()
  await running.ended
  rmSync('/etc/containerd/config.toml')
  const first = newDirectory()
  copyFileSync('/bin/true', `${first}/ptp`)
  installed('crio', '1.32.0')
  rmSync(`${programs}/containerd`)
  writeFileSync(
    '/etc/crio/crio.conf',
    `[crio.network]\nplugin_dirs = [\n  "${first}", # ours is second\n  '${directory}',\n]\n`,
  )
  list('10-a.conflist', ptp())
  await foundAndMended('shadowed-plugin', () => {}, runtime)
  command('mount', '-t', 'tmpfs', '-o', 'noexec', 'tmpfs', directory)
  await foundAndMended(
    'plugins-noexec',
    () => operate(`${executables()}/patchbay`, `install --to ${directory}`),
    runtime,
  )
  command('umount', directory)
  clear()
})

test('the cniVersion of a list is too new for containerd, CRI-O and a plugin of another project', async () => {
  const directory = plugins()
  containerd(directory)
  const net = { ...ptp(), cniVersion: '1.1.0' }
  const file = list('10-a.conflist', net)
  const found = await foundAndMended('version-too-new', () => {}, runtime)
  assert.match(found.cause, 'containerd 1.7.24 refuses cniVersion 1.1.0')
  assert.match(readFileSync(file, 'utf8'), '"cniVersion": "1.0.0"')
  installed('containerd', '2.0.1')
  list('10-a.conflist', net)
  await silent('', runtime)
  writeFileSync(
    `${directory}/old`,
    `#!/bin/sh\necho '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}'\n`,
    { mode: 0o755 },
  )
  const old = await foundAndMended(
    'version-too-new',
    () => list('10-a.conflist', { ...net, plugins: [...net.plugins, { type: 'old' }] }),
    runtime,
  )
  assert.match(old.cause, 'old refuses cniVersion 1.1.0')
  clear()
})

test('of several lists containerd takes one, and 10 is before 9; two have one network; one is no JSON', async () => {
  containerd(plugins())
  const net = ptp()
  list('10-a.conflist', net)
  const found = await foundAndMended('several-lists', () => list('9-b.conflist', ptp()), runtime)
  assert.match(found.cause, 'containerd takes the first by name, 10-a.conflist')
  assert.match(found.cause, '10 is before 9')
  // podman's package and nerdctl keep lists of their own containers there.
  list('87-podman-bridge.conflist', { ...ptp(), name: 'podman' })
  list('nerdctl-web.conflist', ptp())
  await silent('', runtime)
  const first = await foundAndMended(
    'several-lists',
    () => renameSync(`${lists}/87-podman-bridge.conflist`, `${lists}/00-podman.conflist`),
    runtime,
  )
  assert.match(first.cause, 'takes the first by name, 00-podman.conflist')
  assert.ok(existsSync(`${lists}/10-a.conflist`))
  clear()
  list('10-a.conflist', net)
  await foundAndMended('duplicate-network', () => list('20-b.conflist', { ...ptp(), name: net.name }))
  const damaged = await foundAndMended('damaged-list', () =>
    writeFileSync(`${lists}/20.conflist`, '{"name": x}', { mode: 0o600 }),
  )
  assert.match(damaged.evidence[0]?.value ?? '', 'line 1, column 10')
  clear()
})

test('others may write a list, or read a secret in it', async () => {
  const file = list('10-a.conflist', ptp({ args: { password: 'x' } }))
  await silent()
  await foundAndMended('list-writable', () => chmodSync(file, 0o620 | 0o002))
  await foundAndMended('secret-readable', () => chmodSync(file, 0o644))
  clear()
})

test('a directory of state is read-only, or has neither space nor inodes left', async () => {
  await foundAndMended('state-read-only', () => {
    mkdirSync('/run/patchbay', { recursive: true })
    command('mount', '-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', '/run/patchbay')
  })
  await foundAndMended('state-full', () =>
    command('dd', 'if=/dev/zero', 'of=/run/patchbay/x', 'bs=1k', 'count=900'),
  )
  rmSync('/run/patchbay/x')
  command('mount', '-o', 'remount,nr_inodes=10', '/run/patchbay')
  const found = await foundAndMended('state-full', () => {})
  assert.match(found.cause, 'no inode is left')
  command('umount', '/run/patchbay')
})

test('a damaged record, an entry of a cache, an address without a container', async () => {
  const live = await attach(ptp({ ipMasq: true }))
  await silent()
  await foundAndMended('damaged-record', () => {
    mkdirSync('/run/patchbay/nodes', { recursive: true })
    writeFileSync('/run/patchbay/nodes/0.json', '{')
    // The first reader sets it aside, and warns.
    run(`${executables()}/patchbay`, 'doctor')
  })
  const hostile = `${cache}/\u001b[31m'; touch harm; '`
  await foundAndMended('damaged-cache-entry', () => writeFileSync(hostile, '{"kind":"cniCa'))
  assert.not(existsSync('harm'))
  await foundAndMended('nameless-address', () => {
    mkdirSync('/var/lib/cni/networks/old')
    writeFileSync('/var/lib/cni/networks/old/10.0.0.2', '')
  })
  await live.del()
})

test('files are from the future, or records have outlived a reboot on a disk', async () => {
  const live = await attach(ptp())
  const [file = ''] = readdirSync(cache).map((name) => `${cache}/${name}`)
  await foundAndMended('files-of-the-future', () => utimesSync(file, new Date(), new Date(Date.now() + 9e6)))
  await live.check()
  await live.del()
  const disk = '/etc/cni/state'
  for (const path of [disk, '/run/patchbay']) mkdirSync(path, { recursive: true })
  command('mount', '--bind', disk, '/run/patchbay')
  if (command('stat', '-f', '-c', '%T', disk).trim() !== 'tmpfs')
    await foundAndMended('records-of-former-boot', () => {
      writeFileSync(`${disk}/x.json`, '{}')
      utimesSync(`${disk}/x.json`, new Date(0), new Date(86400e3))
    })
  command('umount', '/run/patchbay')
})

/** A container that ends without DEL. */
async function ended(net: Network, container = newContainer()) {
  await vanish(await attach(net, { container }))
}

test('containers have ended without DEL: with an entry of the cache, with an address alone, with a record alone', async () => {
  const net = ptp({ ipMasq: true })
  await ended(net)
  const found = await foundAndMended('ended-attachment', () => ended(net))
  assert.match(found.cause, '2 attachments of containers that have ended')
  list('10-a.conflist', net)
  await foundAndMended('orphan-address', async () => {
    await ended(net)
    for (const name of readdirSync(cache)) rmSync(`${cache}/${name}`)
  })
  await foundAndMended('orphan-record', async () => {
    await ended(net)
    for (const name of readdirSync(cache)) rmSync(`${cache}/${name}`)
    const store = `/var/lib/cni/networks/${net.name}`
    for (const name of readdirSync(store)) if (/^(10\.|fd)/.test(name)) rmSync(`${store}/${name}`)
  })
  clear()
  await foundAndMended('orphan-address', async () => {
    await ended({ ...net, name: 'forgotten', plugins: [{ type: 'ptp', ipam: hostLocal('10.77.0.0/24') }] })
    for (const name of readdirSync(cache)) rmSync(`${cache}/${name}`)
  })
})

test('a range is nearly full, then full, of containers that ended and of those that live', async () => {
  const ipam = { type: 'host-local', subnet: '10.78.0.0/28', rangeEnd: '10.78.0.11' }
  const net = ptp({ ipam })
  const file = list('10-a.conflist', net)
  const live = [await attach(net)]
  await silent()
  for (let count = 2; count <= 9; count++) live.push(await attach(net))
  const nearly = findings().find(({ fault }) => fault === 'range-full')
  assert.is(nearly?.severity, 'warning')
  assert.match(nearly?.cause ?? '', '9 of 10 addresses of 10.78.0.1-10.78.0.11 are taken')
  live.push(await attach(net))
  const [full] = findings()
  assert.match(full?.cause ?? '', 'the next container gets no address: all 10')
  const widen = `sed -i s/10.78.0.11/10.78.0.14/`
  await foundAndMended('range-full', () => {
    process.env.EDITOR = widen
  })
  assert.match(readFileSync(file, 'utf8'), '10.78.0.14')
  for (const one of live.slice(1)) await vanish(one)
  for (const one of findings()) mend(one)
  await silent()
  await live[0]?.del()
  clear()
})

test('two containers have one address of a network', async () => {
  const [net, elsewhere] = [ptp(), '/var/lib/cni/elsewhere']
  const live = [await attach(net), await attach(net)]
  const [one, other] = live as [(typeof live)[0], (typeof live)[0]]
  list('10-a.conflist', {
    ...net,
    plugins: [{ type: 'ptp', ipam: { type: 'host-local', dataDir: elsewhere, subnet: '10.79.0.0/24' } }],
  })
  await foundAndMended('duplicate-address', () => {
    const [name = ''] = readdirSync(cache).filter((entry) =>
      readFileSync(`${cache}/${entry}`, 'utf8').includes(one.path),
    )
    mkdirSync(`${elsewhere}/${net.name}`, { recursive: true })
    writeFileSync(
      `${elsewhere}/${net.name}/${other.addresses[0]}`,
      `${name.split('-')[1]}-${name.split('-')[2]}\r\neth0`,
    )
  })
  rmSync(`${elsewhere}/${net.name}`, { recursive: true })
  clear()
  // Two results: which container must end, only its runtime can decide.
  const files = readdirSync(cache).map((name) => `${cache}/${name}`)
  const texts = files.map((file) => readFileSync(file, 'utf8'))
  const [own = '', twin = ''] = live.map(({ addresses: [first] }) => first)
  for (const [at, file] of files.entries())
    writeFileSync(file, (texts[at] ?? '').replaceAll(`"${own}/`, `"${twin}/`))
  const [found] = findings().filter(({ fault }) => fault === 'duplicate-address')
  assert.match(found?.mend[0] ?? '', /^crictl rmp -f cnitool-\w+ \|\| podman restart cnitool-\w+$/)
  for (const [at, file] of files.entries()) writeFileSync(file, texts[at] ?? '')
  for (const { del } of live) await del()
  await silent()
})

test.run()
