/** A copy of this machine's files, in which packages can be installed and removed: an overlay whose changes are in memory. */

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { until } from '../../harness/until.ts'

const enter = join(import.meta.dirname, '../../fresh/enter.sh')
const systemd = join(import.meta.dirname, 'systemd.sh')

const changes = '/mnt/changes'
const arrange = `mount -t tmpfs tmpfs /mnt && mkdir ${changes} /mnt/work /mnt/root &&
mount -t overlay overlay -o lowerdir=/,upperdir=${changes},workdir=/mnt/work /mnt/root && exec sleep infinity`

export interface MachineCopy {
  /** Runs a shell line as root in the copy. @returns its output @throws an error with the output when it fails */
  run(line: string): Promise<string>
  /** Runs a shell script of the copy as a service of systemd, which is started for it and ended with it. @param path of the script in the copy */
  runUnderSystemd(path: string): Promise<void>
  /** Paths that differ from the machine's, sorted, without folders: new, changed and removed files. */
  changed(): string[]
  /** A path in the copy, as other processes reach it. */
  path(path: string): string
  end(): void
}

/** Makes a copy with network and processes of its own, and an empty /run, so that no service of the machine can be reached. */
export async function copyOfMachine(): Promise<MachineCopy> {
  const own = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--net']
  const holder = spawn('setpriv', ['--pdeathsig', 'SIGKILL', 'unshare', ...own, 'sh', '-c', arrange], {
    stdio: 'ignore',
  })
  const pid = () => readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()
  const isArranged = () =>
    pid() !== '' && readFileSync(`/proc/${pid()}/mounts`, 'utf8').includes('overlay /mnt/root')
  await until('the overlay is mounted', isArranged)
  const inside = async (...command: string[]) => {
    const words = ['--target', pid(), '--mount', '--pid', '--net', ...command]
    const env = { HOME: '/root', LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
    const options = { env, extendEnv: false, cwd: '/', stdin: 'ignore', all: true } as const
    return (await execa('nsenter', words, options)).all
  }
  return {
    run: (line) =>
      inside(
        'unshare',
        '--mount',
        enter,
        '/mnt/root',
        'sh',
        '-e',
        '-c',
        `mount -t tmpfs tmpfs /run; ${line}`,
      ),
    runUnderSystemd: async (path) => void (await inside(systemd, path)),
    changed: () => filesBelow(`/proc/${pid()}/root${changes}`),
    path: (path) => `/proc/${pid()}/root/mnt/root${path}`,
    end: () => void holder.kill('SIGKILL'),
  }
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort()
}
