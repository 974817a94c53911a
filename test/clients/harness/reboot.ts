/** A reboot acted out: every process of a client, every mount, namespace, link and rule goes, and /run is empty; /var stays. */

import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { emptyHost, namespaceNames, newBootId } from '../../harness/boot.ts'
import { ip, succeeds } from '../../harness/command.ts'
import { until } from '../../harness/until.ts'
import type { Client } from './client.ts'
import { processesIn } from './groups.ts'

/** The daemon of the client has ended. Links that a boot makes, such as NICs, stay if they are named. */
export async function reboot(client: Client, nics: readonly string[] = ['lo']): Promise<void> {
  await endProcesses(client)
  newBootId(['/', client.path])
  client.dropMounts()
  emptyHost({ namespaces: ofClient(), isLost: ({ ifname }) => !nics.includes(ifname) })
  for (const path of ['/run/test/containerd', '/run/test/podman'])
    rmSync(path, { recursive: true, force: true })
  for (const state of ['down', 'up']) ip(`link set lo ${state}`)
}

/** The client's network namespaces. Those of the test itself, such as a far host's, are mounts here. */
function ofClient(): string[] {
  const { dev } = statSync('/run')
  return namespaceNames().filter((name) => statSync(join('/run/netns', name)).dev === dev)
}

/** Containers, and what runs in the root beside them: containerd's shims, podman's conmon. */
async function endProcesses(client: Client): Promise<void> {
  const all = () => [...processesIn(join(client.path, 'sys/fs/cgroup')), ...processesOf(client)]
  await until('all processes have ended', () => {
    for (const pid of all()) succeeds('kill', '-KILL', String(pid))
    return all().length === 0
  })
}

function processesOf({ has }: Client): number[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return ids.map(Number).filter(has)
}
