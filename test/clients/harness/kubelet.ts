/** A kubelet without a cluster in containerd's root: it runs the pods whose files are in a directory. */

import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../harness/command.ts'
import type { Client } from './client.ts'
import { image, socket } from './containerd-config.ts'
import { group } from './groups.ts'

const pods = '/run/test/pods'
const log = '/run/test/kubelet.log'

/** What it would set for the whole machine. It writes only a value that differs. */
const machineWide = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
}

/** What the kubelet says of a pod. */
export interface PodStatus {
  phase: string
  podIP?: string
  podIPs?: { ip: string }[]
  conditions?: { type: string; status: string }[]
}

/** Starts a kubelet. @param program its executable */
export function startKubelet(client: Client, program: string): ChildProcess {
  coverSysctls(client)
  copyFileSync(program, join(client.path, 'usr/bin/kubelet'))
  command('mknod', '/dev/kmsg', 'c', '1', '11') // it reads there which processes the kernel has killed
  mkdirSync(pods)
  writeFileSync(join(client.path, 'etc/kubelet.json'), JSON.stringify(configuration()))
  const runtime = ['--container-runtime=remote', `--container-runtime-endpoint=unix://${socket}`]
  const words = ['kubelet', '--config=/etc/kubelet.json', '--hostname-override=node', ...runtime]
  const [file, ...args] = client.inside(...words)
  const output = openSync(log, 'a')
  return spawn(file, args, { stdio: ['ignore', output, output] })
}

/** Files with the wished values, over those of /proc: the machine's own values stay as they are. */
function coverSysctls(client: Client): void {
  mkdirSync('/run/test/sysctls')
  for (const [name, value] of Object.entries(machineWide)) {
    const file = `/run/test/sysctls/${name.replaceAll('/', '.')}`
    writeFileSync(file, `${value}\n`)
    client.run('busybox', 'mount', '--bind', file, `/proc/sys/${name}`)
  }
}

function configuration(): object {
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    staticPodPath: pods,
    fileCheckFrequency: '1s',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    readOnlyPort: 10255,
    cgroupRoot: group(),
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '1Mi' },
  }
}

/** Writes a pod's file; the kubelet never sees half of it. */
export function writePod(name: string, hostPort: number): void {
  const container = {
    name: 'web',
    image,
    imagePullPolicy: 'Never',
    command: ['httpd', '-f', '-p', '80', '-h', '/etc'],
    ports: [{ containerPort: 80, hostPort }],
  }
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] }
  const draft = `/run/test/${name}.json`
  writeFileSync(draft, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }))
  renameSync(draft, `${pods}/${name}.json`)
}

export function removePod(name: string): void {
  rmSync(`${pods}/${name}.json`)
}

/** The kubelet adds the node's name to the pod's. */
export async function statusOf(name: string): Promise<PodStatus | undefined> {
  type Answer = { items: { metadata: { name: string }; status: PodStatus }[] | null }
  const answer = await fetch('http://127.0.0.1:10255/pods')
  const { items } = (await answer.json()) as Answer
  return items?.find(({ metadata }) => metadata.name === `${name}-node`)?.status
}

/** Whether the kubelet says that it is well. */
export async function isHealthy(): Promise<boolean> {
  return fetch('http://127.0.0.1:10248/healthz').then(
    ({ ok }) => ok,
    () => false,
  )
}

/** The end of the kubelet's log, for a failed test. */
export function kubeletLog(lines = 20): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-lines).join('\n')
}
