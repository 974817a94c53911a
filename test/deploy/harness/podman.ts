/** podman in the namespaces of a private host: images and containers are in memory, and no control group is made. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { command } from '../../harness/command.ts'
import { scratch } from '../../harness/host.ts'

/** An unprivileged machine refuses the limits that podman sets by default, and has no systemd for control groups and events. */
const settings = `[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
`

/** Makes podman usable: call it once, after privateHost(). crun refuses a mixture of control groups of both versions. */
export function preparePodman(): void {
  command('mount', '-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup')
  writeFileSync(join(scratch, 'containers.conf'), settings)
}

/** Runs podman. @returns its output */
export async function podman(...args: string[]): Promise<string> {
  const env = { CONTAINERS_CONF: join(scratch, 'containers.conf') }
  const { stdout } = await execa('podman', ['--storage-driver', 'vfs', '--runtime', 'crun', ...args], {
    env,
    stdin: 'ignore',
  })
  return stdout
}

/** Builds an image from a directory. */
export async function build(containerfile: string, context: string, tag: string): Promise<void> {
  await podman('build', '--quiet', '--isolation', 'chroot', '--file', containerfile, '--tag', tag, context)
}

/** Runs a container without a network. @param words of `podman run`, after its options for every container */
export function runContainer(...words: string[]): Promise<string> {
  return podman('run', '--network', 'none', '--cgroups', 'disabled', ...words)
}

/** A file of an image. */
export interface ImageFile {
  path: string
  /** As `ls -l` writes it: `-rwxr-xr-x`. */
  mode: string
}

/** The files and other entries of an image but folders, sorted. */
export async function filesOf(image: string): Promise<ImageFile[]> {
  const archive = join(scratch, `${image}.tar`)
  const id = await podman('create', image, 'none')
  await podman('export', '--output', archive, id)
  await podman('rm', id)
  const lines = command('tar', '--list', '--verbose', '--file', archive).trim().split('\n')
  const words = lines.map((line) => line.split(/\s+/))
  const files = words.map(([mode = '', , , , , path = '']) => ({ mode, path }))
  return files.filter(({ mode }) => !mode.startsWith('d')).sort((a, b) => (a.path < b.path ? -1 : 1))
}
