/** The images: built by podman from scratch, run as the DaemonSet runs them. */
// packages: podman, crun

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import packageJson from '../../package.json' with { type: 'json' }
import { plugins } from '../../plugins/registry.ts'
import { command } from '../harness/command.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { plainYaml } from '../harness/plain-yaml.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { build, filesOf, podman, preparePodman, runContainer } from './harness/podman.ts'
import { releaseDirectory, removeWork } from './harness/release-directory.ts'
import { allowed, manifest, service } from './harness/talos.ts'

const deploy = join(import.meta.dirname, '../../deploy')
/** What the manifests for Kubernetes allow a container. */
const least = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges']

await privateHost()
preparePodman()
const { work, release } = await releaseDirectory()
test.before(async () => {
  await build(join(deploy, 'Containerfile'), release, 'patchbay')
  await build(join(deploy, 'talos/Containerfile'), release, 'talos')
})
test.after(() => removeWork(work))

test('the image has the executable and licences, and nothing else', async () => {
  const files = await filesOf('patchbay')
  assert.equal(
    files.map(({ path }) => path).filter((path) => !path.startsWith('licenses/')),
    ['LICENSE', 'patchbay'],
  )
  assert.match(await runContainer('--rm', ...least, 'patchbay', 'version'), /^patchbay \d/)
})

/** A directory of the host in which another project's bridge and loopback are, and another file. */
function directoryWithOthers(): string {
  const directory = join(scratch, 'bin')
  mkdirSync(directory)
  for (const name of ['bridge', 'dhcp', 'loopback'])
    writeFileSync(join(directory, name), `#!/bin/sh\necho the other ${name}\n`, { mode: 0o755 })
  return directory
}

test('the init container installs into the host’s directory, again, and out of it, as the manifests allow it', async () => {
  const directory = directoryWithOthers()
  const before = command('sh', '-c', `cd ${directory} && sha256sum *`)
  const onHost = ['--rm', ...least, '--volume', `${directory}:/host/opt/cni/bin`, 'patchbay']
  const target = '/host/opt/cni/bin'
  const refusal = await runContainer(...onHost).catch((error: Error) => error.message)
  assert.match(refusal, /bridge.*--replace/s)
  for (const _ of [1, 2]) await runContainer(...onHost, 'install', '--to', target, '--replace')
  for (const name of Object.keys(plugins))
    assert.match(command('sh', '-c', `${directory}/${name} 2>&1`), new RegExp(`^CNI ${name} plugin`))
  await runContainer(...onHost, 'uninstall', '--from', target)
  assert.is(command('sh', '-c', `cd ${directory} && sha256sum *`), before)
})

test('the main container ends at SIGTERM with status 0, long before it would be killed', async () => {
  const words = ['--detach', '--log-driver', 'k8s-file', ...least, '--user', '65534']
  const id = await runContainer(...words, 'patchbay', 'stay')
  await until('it waits for signals', async () => (await podman('logs', id)) !== '')
  await podman('stop', '--time', '60', id)
  assert.is(await podman('inspect', '--format', '{{.State.ExitCode}} {{.State.Running}}', id), '0 false')
})

test('Talos’ extension has the documented form, and its files are where Talos accepts them', async () => {
  const files = (await filesOf('talos')).filter(({ path }) => path !== 'manifest.yaml')
  for (const { path, mode } of files) {
    assert.ok(
      allowed.some((prefix) => path.startsWith(`rootfs/${prefix}`)),
      path,
    )
    assert.match(mode, /^-.......[^w].$/, path)
  }
  const { metadata } = manifest.parse(yamlOf('manifest.yaml'))
  assert.is(metadata.version, packageJson.version)
  const { name, container } = service.parse(yamlOf('patchbay.yaml'))
  const entry = join('rootfs/usr/local/lib/containers', name, container.entrypoint)
  assert.match(files.find(({ path }) => path === entry)?.mode ?? '', /^-rwxr-xr-x$/)
  assert.ok(files.some(({ path }) => path === `rootfs/usr/local/etc/containers/${name}.yaml`))
})

function yamlOf(name: string): unknown {
  return plainYaml(readFileSync(join(deploy, 'talos', name), 'utf8'))
}

test.run()
