/** Pods as a runtime makes them: an id and a namespace; and a boot, which takes all that is not on disk. */

import { existsSync } from 'node:fs'
import { emptyHost, newBootId } from '../../harness/boot.ts'
import { ip, ipJson } from '../../harness/command.ts'
import { type Netns, newContainer, removeContainer } from '../../harness/host.ts'
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

/** Acts out a boot: namespaces, bridges, rules and /run are gone, the boot has another identifier; /var/lib stays. */
export function boot(running: readonly Pod[]): void {
  newBootId()
  const namespaces = running.filter(({ path }) => existsSync(path)).map(({ name }) => name)
  emptyHost({ namespaces, isLost: isOfPlugins })
}

/** Not only bridges: the kernel removes the host end of a pod a moment after the pod's namespace. */
function isOfPlugins({ ifalias = '', linkinfo }: Link): boolean {
  return linkinfo?.info_kind === 'bridge' || ifalias.startsWith('patchbay:')
}

/** Bridges outlive their containers: without them two hosts can be compared. */
export function removeBridges(): void {
  for (const { ifname } of ipJson<Link>('link show type bridge')) ip(`link delete ${ifname}`)
}
