/** Hosts that have files of their own and nothing else: enough for IPAM. Each is a mount namespace, which a sleeping process keeps. */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { scratch } from '../../harness/host.ts'
import { until } from '../../harness/until.ts'

export interface FilesHost {
  name: string
  /** What is put in front of a program to run it there. */
  under: readonly string[]
  end(): void
}

const directories = ['/run/patchbay', '/var/lib/patchbay', '/var/lib/cni', '/var/log']

/** One after the other: each begins with the mounts of this process alone. */
export async function newFilesHosts(names: readonly string[]): Promise<FilesHost[]> {
  const hosts: FilesHost[] = []
  for (const name of names) hosts.push(await newFilesHost(name))
  return hosts
}

async function newFilesHost(name: string): Promise<FilesHost> {
  const ready = `${scratch}/${name}-${process.pid}-${ends++}`
  const mounts = directories.map((path) => `mkdir -p ${path} && mount -t tmpfs tmpfs ${path}`)
  const script = [...mounts, `touch ${ready}`, 'exec sleep infinity'].join(' && ')
  const words = ['--mount', '--propagation', 'private', 'sh', '-c', script]
  const child: ChildProcess = spawn('unshare', words, { stdio: 'ignore' })
  child.unref()
  await until(`${name} has its files`, () => existsSync(ready))
  return {
    name,
    under: ['nsenter', `--target=${child.pid}`, '--mount'],
    end: () => void child.kill('SIGKILL'),
  }
}

let ends = 0
