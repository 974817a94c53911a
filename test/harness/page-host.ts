/**
 * A host on which the commands of a documentation page run as root would paste them: no variable of the test's environment, no program of the
 * tests in its path but stand-ins for apt-get, systemctl, ssh and scp, and files of its own where the commands write.
 */

import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hold } from './cluster-host.ts'
import { command } from './command.ts'
import { etcdctlPatience } from './etcd-access.ts'
import { etcdProgram } from './etcd-programs.ts'
import { scratch } from './host.ts'
import { Mount, mount } from './libc.ts'
import { type Ending, start } from './program.ts'
import type { Machine } from './switch.ts'

export interface PageHost extends Machine {
  /** Runs lines of a page. @returns how they ended; the first command that fails ends them */
  shell(lines: string): Promise<Ending>
}

/** The stand-ins, and what they need to know: programs of etcd, the units, the process that has a host's namespaces. */
const standIns = `${scratch}/stand-ins`
const project = `${scratch}/project`

/** Makes what all hosts share. The project is seen below `scratch`, since hosts have another /root. */
export function preparePages(): void {
  for (const path of [standIns, project, `${scratch}/hosts`, `${scratch}/etcd`]) mkdirSync(path)
  mount(join(import.meta.dirname, '../..'), project, 'none', Mount.BIND)
  const [etcd, etcdctl] = [etcdProgram('3.4', 'etcd'), etcdProgram('3.4', 'etcdctl')]
  for (const file of [etcd, etcdctl, join(etcd, '../../../lib/systemd/system/etcd.service')])
    cpSync(file, join(`${scratch}/etcd`, file.split('/').at(-1) ?? ''))
  cpSync(join(import.meta.dirname, 'page-host'), standIns, { recursive: true })
  for (const name of ['apt-get', 'systemctl', 'ssh', 'scp']) chmodSync(`${standIns}/${name}`, 0o755)
}

/** A release's archives in a host's directory, whose files are links to what was built. */
export function archivesIn(directory: string, names: Record<string, string>): void {
  for (const [name, engine] of Object.entries(names)) {
    mkdirSync(`${directory}/${name}`, { recursive: true })
    command('ln', '-s', `${project}/dist/${engine}`, `${directory}/${name}/bin`)
    command('ln', '-s', `${project}/deploy`, `${directory}/${name}/deploy`)
    command('tar', '-czf', `${directory}/${name}.tar.gz`, '-C', directory, name)
    command('rm', '-r', `${directory}/${name}`)
  }
}

/** Gives a machine files of its own. @returns it, ready for a page's commands */
export async function newPageHost(machine: Machine): Promise<PageHost> {
  const etc = `${scratch}/${machine.name}.etc`
  command('cp', '-a', '/etc', etc)
  const pid = await hold(machine, [
    'mount --make-rprivate /',
    `mount --bind ${etc} /etc`,
    'rm -rf /etc/cni /etc/patchbay /etc/etcd',
    'touch /etc/default/etcd',
    ...ownDirectories.map((path) => `mkdir -p ${path} && mount -t tmpfs tmpfs ${path}`),
    // The log of etcd reserves 64 MB, which take no memory on a ramfs.
    'mkdir -p /var/lib/etcd && mount -t ramfs ramfs /var/lib/etcd',
  ])
  writeFileSync(`${scratch}/hosts/${machine.name}`, `${pid}`)
  const env = {
    PATH: `${standIns}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: '/root',
    ...etcdctlPatience,
  }
  const under = [`--target=${pid}`, '--mount', '--uts', '--net', '--wdns=/root', 'bash', '-e', '-c']
  return {
    ...machine,
    shell: (lines) => start('nsenter', [...under, lines], { env, timeout: 120_000 }).ended,
  }
}

const ownDirectories = [
  '/root',
  '/opt',
  '/usr/local/sbin',
  '/run/netns',
  '/run/patchbay',
  '/var/lib/patchbay',
  '/var/lib/cni',
  '/var/log',
]
