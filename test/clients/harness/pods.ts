/** Pods as a runtime makes them: an id and a namespace; and a boot, which takes all that is not on disk. */

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, ip, ipJson, succeeds } from '../../harness/command.ts'
import { type Netns, newContainer, removeContainer, scratch, setSysctl } from '../../harness/host.ts'
import type { Link } from '../../harness/look.ts'

export interface Pod extends Netns {
  id: string
  /** From 1: host ports and addresses of this pod follow from it. */
  number: number
}

let pods = 0

/** A new pod. Its id has 64 digits, as containerd's and CRI-O's. */
export function newPod(name?: string): Pod {
  const number = ++pods
  return { ...newContainer(name), id: number.toString(16).padStart(64, '0'), number }
}

/** The namespace dies, as with its last process. */
export function lose(...lost: Pod[]): void {
  for (const pod of lost) if (existsSync(pod.path)) removeContainer(pod)
}

/** The same pod after a boot: its id, with a new namespace. */
export function again(pod: Pod): Pod {
  return { ...pod, ...newContainer(pod.name) }
}

/** What belongs to the test itself. */
const kept = ['test', 'netns', 'lock']

/** Acts out a boot: namespaces, bridges, rules and /run are gone, the boot has another identifier; /var/lib stays. */
export function boot(running: readonly Pod[]): void {
  lose(...running)
  removeHostEnds()
  removeBridges()
  command('nft', 'flush', 'ruleset')
  for (const name of readdirSync('/run'))
    if (!kept.includes(name)) rmSync(join('/run', name), { recursive: true })
  for (const sysctl of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) setSysctl(sysctl, 0)
  newBootId()
}

/** The kernel removes the host end of a pod a moment after the pod's namespace. */
function removeHostEnds(): void {
  for (const { ifname, ifalias = '' } of ipJson<Link>('link show type veth'))
    if (ifalias.startsWith('patchbay:')) succeeds('ip', 'link', 'delete', ifname)
}

let boots = 0

function newBootId(): void {
  const file = `${scratch}/boot-${++boots}`
  mkdirSync(scratch, { recursive: true })
  writeFileSync(file, `00000000-0000-4000-8000-${String(boots).padStart(12, '0')}\n`)
  command('mount', '--bind', file, '/proc/sys/kernel/random/boot_id')
}

/** Bridges outlive their containers: without them two hosts can be compared. */
export function removeBridges(): void {
  for (const { ifname } of ipJson<Link>('link show type bridge')) ip(`link delete ${ifname}`)
}
