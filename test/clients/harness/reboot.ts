/** A reboot acted out: every process of a client, every mount, namespace, link and rule goes, and /run is empty; /var stays. */

import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, ip, ipJson, succeeds } from '../../harness/command.ts'
import { scratch, setSysctl } from '../../harness/host.ts'
import type { Link } from '../../harness/look.ts'
import { until } from '../../harness/until.ts'
import type { Client } from './client.ts'
import { processesIn } from './groups.ts'

/** The daemon of the client has ended. Links that a boot makes, such as NICs, stay if they are named. */
export async function reboot(client: Client, nics: readonly string[] = ['lo']): Promise<void> {
  await endProcesses(client)
  newBootId(client)
  client.dropMounts()
  // What the test itself writes down stays.
  for (const name of readdirSync('/run').filter((name) => name !== 'test' && name !== 'netns'))
    rmSync(`/run/${name}`, { recursive: true })
  for (const path of [...namespaces(), '/run/test/containerd', '/run/test/podman'])
    rmSync(path, { recursive: true, force: true })
  for (const { ifname } of ipJson<Link>('link show').filter(({ ifname }) => !nics.includes(ifname)))
    succeeds('ip', 'link', 'delete', ifname) // the other end of a veth is gone already
  command('nft', 'flush', 'ruleset')
  ip('link set lo down')
  ip('link set lo up')
  setSysctl('net/ipv4/ip_forward', 0)
  setSysctl('net/ipv6/conf/all/forwarding', 0)
}

/** The kernel makes it at each boot. Mounted where the client will see it, and the test's own calls. */
function newBootId({ path }: Client): void {
  const file = `${scratch}/boot_id`
  writeFileSync(file, `${randomUUID()}\n`)
  for (const root of ['/', path])
    command('mount', '--bind', file, join(root, 'proc/sys/kernel/random/boot_id'))
}

/** The files of the client's network namespaces. Those of the test itself, such as a far host's, are mounts here. */
function namespaces(): string[] {
  if (!existsSync('/run/netns')) return []
  const paths = readdirSync('/run/netns').map((name) => join('/run/netns', name))
  return paths.filter((path) => statSync(path).dev === statSync('/run').dev)
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
