/** The Debian package: installed, upgraded, removed and purged by dpkg in a copy of this machine. */
// packages: systemd

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { plugins } from '../../plugins/registry.ts'
import { host } from '../../scripts/build/target.ts'
import { debianPackage } from '../../scripts/release/debian.ts'
import { ensurePackages } from '../../scripts/setup.ts'
import { packagesOf } from '../harness/declared.ts'
import { test } from '../harness/test.ts'
import { copyOfMachine, type MachineCopy } from './harness/machine-copy.ts'
import { releaseDirectory, removeWork } from './harness/release-directory.ts'

const names = [
  'agent.service',
  'firewalld.service',
  'gc.service',
  'gc.timer',
  'metrics.service',
  'metrics.timer',
  'netns@.service',
  'reapply.service',
]
const units = names.map((name) => `patchbay-${name}`)
/** What an enabled unit has. */
const wanted = [
  '/etc/systemd/system/multi-user.target.wants/patchbay-reapply.service',
  '/etc/systemd/system/timers.target.wants/patchbay-gc.timer',
  '/etc/systemd/system/timers.target.wants/patchbay-metrics.timer',
]
const wantedNow = () => changed().filter((path) => wanted.includes(path))
const options = { architecture: host, seconds: 1_800_000_000, maintainer: 'A Name <name@example.org>' }

await ensurePackages('the test', packagesOf([import.meta.filename]))
const { work, release } = await releaseDirectory()
/** Paths of two versions of the package, below `work`. */
const [first, second] = await Promise.all(
  ['1.0.0', '1.0.1'].map(async (version) => {
    const files = join(work, version)
    cpSync(release, files, { recursive: true, verbatimSymlinks: true })
    return join(work, await debianPackage(files, work, { ...options, version }))
  }),
)
let machine: MachineCopy

test.before.each(async () => {
  machine = await copyOfMachine()
  mkdirSync(machine.path('/tmp/packages'))
  for (const [name, file = ''] of [
    ['first', first],
    ['second', second],
  ])
    cpSync(file, machine.path(`/tmp/packages/${name}.deb`))
})
test.after.each(() => machine.end())
test.after(() => removeWork(work))

/** What differs from the machine: not the packages, nor what dpkg writes for itself. */
function changed(): string[] {
  const ofDpkg = /^\/(tmp\/packages|var\/(lib\/dpkg|log|cache))\//
  return machine.changed().filter((path) => !ofDpkg.test(path))
}

test('two packages of one version have the same bytes', async () => {
  mkdirSync(join(work, 'again'))
  const again = await debianPackage(release, join(work, 'again'), { ...options, version: '1.0.0' })
  assert.ok(readFileSync(join(work, 'again', again)).equals(readFileSync(first ?? '')))
})

test('the package has each plugin and the command line, and leaves the directories of others alone', async () => {
  await machine.run('dpkg --install /tmp/packages/first.deb')
  const paths = changed()
  const own =
    /^\/(usr\/(lib\/patchbay|share\/patchbay|share\/doc\/patchbay|share\/lintian\/overrides)\/|usr\/sbin\/patchbay$|usr\/share\/(man\/man8|bash-completion\/completions|zsh\/vendor-completions|fish\/vendor_completions\.d)\/_?patchbay(\.8\.gz|\.fish)?$|(usr\/)?lib\/systemd\/system\/patchbay-)/
  const links = /^\/(etc\/systemd\/system\/[\w.-]+\.wants|var\/lib\/systemd\/deb-systemd-helper-enabled)\//
  assert.equal(
    paths.filter((path) => !own.test(path) && !links.test(path)),
    [],
  )
  for (const name of Object.keys(plugins)) assert.ok(paths.includes(`/usr/lib/patchbay/${name}`), name)
  assert.match(await machine.run('patchbay version'), /^patchbay \d/)
  assert.match(await machine.run('/usr/lib/patchbay/bridge 2>&1'), /^CNI bridge plugin v/)
  assert.is(await machine.run('dpkg --verify patchbay'), '')
  const summed = await machine.run('cut -c 35- /var/lib/dpkg/info/patchbay.md5sums')
  assert.not.match(summed, /conf-examples/, 'the sum of a file that a link leads to')
  assert.ok(paths.includes('/usr/share/man/man8/patchbay.8.gz'))
  assert.ok(paths.includes('/usr/share/bash-completion/completions/patchbay'))
  for (const page of [
    'README.Debian',
    'copyright',
    'docs/deploy.md',
    'plugins/bridge/README.md',
    'examples/10-bridge.conflist',
  ])
    assert.ok(paths.includes(`/usr/share/doc/patchbay/${page}`), page)
})

test('systemd accepts the units, and they call verbs that exist', async () => {
  await machine.run('dpkg --install /tmp/packages/first.deb')
  // One unit is bound to it, and not every machine has it.
  writeFileSync(machine.path('/etc/systemd/system/firewalld.service'), '[Service]\nExecStart=/bin/true\n')
  const paths = units.map((unit) => `/usr/lib/systemd/system/${unit}`).join(' ')
  assert.is(await machine.run(`systemd-analyze verify ${paths}`), '')
  assert.is(await machine.run('patchbay reapply'), 'no rules of containers are recorded')
  assert.match(await machine.run('patchbay gc --dry-run'), /attachments/)
  assert.equal(wantedNow(), wanted)
})

test('the commands of README.Debian install into /opt/cni/bin, and leave nothing there', async () => {
  await machine.run('dpkg --install /tmp/packages/first.deb')
  const readme = readFileSync(machine.path('/usr/share/doc/patchbay/README.Debian'), 'utf8')
  const [install = '', uninstall = ''] = readme.match(/patchbay (un)?install --[\w-]+ [\w/]+/g) ?? []
  await machine.run(install)
  assert.match(await machine.run('/opt/cni/bin/bridge 2>&1'), /^CNI bridge plugin v/)
  await machine.run(uninstall)
  const left = changed().filter((path) => path.startsWith('/opt/cni/bin/'))
  assert.equal(left, [])
})

test('an upgrade replaces the files, and a unit that was disabled stays so', async () => {
  await machine.run(
    'dpkg --install /tmp/packages/first.deb && systemctl disable patchbay-reapply.service patchbay-gc.timer patchbay-metrics.timer',
  )
  await machine.run('dpkg --install /tmp/packages/second.deb')
  assert.match(await machine.run('dpkg --list patchbay'), /^ii +patchbay +1\.0\.1-1 /m)
  assert.equal(wantedNow(), [])
})

test('the package installs twice, and over a newer one', async () => {
  for (const name of ['second', 'second', 'first'])
    await machine.run(`dpkg --install /tmp/packages/${name}.deb`)
  assert.equal(wantedNow(), wanted)
})

test('purge leaves no file, after a removal or at once', async () => {
  for (const line of ['dpkg --remove patchbay && dpkg --purge patchbay', 'dpkg --purge patchbay']) {
    await machine.run('dpkg --install /tmp/packages/first.deb')
    await machine.run(line)
    assert.equal(changed(), [])
  }
})

/** In the place of systemctl: each call is a line of a file, units are enabled and none is active. */
const recorder = `#!/bin/sh
echo "$*" >> /tmp/packages/calls
case "$*" in *is-enabled*) echo enabled ;; *is-active*) exit 3 ;; esac
`

test('where systemd runs, an installation starts the units, but deletes nothing yet, and a removal stops them', async () => {
  rmSync(machine.path('/usr/sbin/policy-rc.d'), { force: true })
  writeFileSync(machine.path('/usr/bin/systemctl'), recorder)
  const calls = async (line: string) => {
    rmSync(machine.path('/tmp/packages/calls'), { force: true })
    await machine.run(`mkdir -p /run/systemd/system && ${line}`)
    return readFileSync(machine.path('/tmp/packages/calls'), 'utf8')
  }
  const install = await calls('dpkg --install /tmp/packages/first.deb')
  assert.match(
    install,
    /daemon-reload\n[\s\S]* start patchbay-reapply\.service patchbay-gc\.timer patchbay-metrics\.timer\n/,
  )
  assert.not.match(install, /start.* patchbay-gc\.service/)
  const remove = await calls('dpkg --remove patchbay')
  assert.match(
    remove,
    /^stop patchbay-reapply\.service.* patchbay-gc\.timer patchbay-gc\.service patchbay-metrics\.timer patchbay-metrics\.service\n[\s\S]*daemon-reload\n/,
  )
})

test.run()
