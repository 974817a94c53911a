/** A state of the model: the disk, the processes that run, what the runtime knows of its containers, and what may still happen. */

import type { Call, Network, Outcome, Verb } from './calls.ts'
import { type Disk, formatInode, identityOf, inodeOf, newDisk, setBoot } from './disk.ts'
import type { Task, Traits } from './kernel.ts'
import type { Moment } from './process.ts'

export interface Running {
  call: Call
  moment: Moment<Outcome>
  task: Task
  /** Whether it is new, or its last system call may have changed the disk. */
  hasChanged: boolean
  /** The other containers that may have had addresses while this call ran. */
  rivals: readonly string[]
}

/**
 * What the runtime knows of a container. `unknown`: a call was killed, DEL must follow. `ended`: it ended with a boot, and may
 * come back without a DEL.
 */
export interface Container {
  state: 'absent' | 'busy' | 'attached' | 'unknown' | 'ended'
  /** Its addresses by the last ADD that answered. */
  addresses: readonly string[]
  /** Whether a sticky network owes them to the next container with its key: no call was killed since. */
  isOwed?: boolean
}

/** How often something may still happen. */
export interface Left {
  /** Calls that run alone and whole, before all others. Infinite: until nothing new comes of it. */
  whole: number
  calls: number
  crashes: number
  boots: number
  ticks: number
  /** Losses of the index: `rm -r .patchbay`. */
  indexLosses: number
  /** Changes of the network's directory by another program: the index is out of date. */
  touches: number
}

export interface World {
  disk: Disk
  running: readonly Running[]
  containers: ReadonlyMap<string, Container>
  left: Left
}

/** What a walk covers. */
export interface Bounds {
  network: Network
  containers: readonly string[]
  verbs: readonly Verb[]
  /** How many processes run at once. */
  atOnce: number
  left: Left
  /** What a boot may do to bytes that were not synced to disk. */
  losses: readonly Loss[]
  /** Whether a boot may take back changes of names that were not synced. */
  losesNames?: boolean
  /** Whether DEL gets the previous result. */
  passesResult: boolean
  traits: Traits
}

export type Loss = 'kept' | 'emptied' | 'zeroed'

export function firstWorld({ containers, left, losesNames }: Bounds): World {
  const disk = newDisk(['/var', '/var/lib', '/proc'], losesNames)
  setBoot(disk, 1)
  const absent: Container = { state: 'absent', addresses: [] }
  return { disk, running: [], containers: new Map(containers.map((name) => [name, absent])), left }
}

/**
 * A text that is the same for worlds with the same future. How many whole calls are left is not in it: the walk meets a world
 * first when most are left, and they are over once another call begins.
 */
export function formatWorld({ disk, running, containers, left }: World): string {
  const { whole: _, ...counts } = left
  const known = [...containers].map(
    ([name, { state, addresses, isOwed }]) => `${name} ${state} ${addresses} ${isOwed}`,
  )
  const processes = running.map((one) => formatRunning(disk, one)).sort()
  return [identityOf(disk), ...processes, ...known, ...Object.values(counts)].join('\n')
}

function formatRunning(disk: Disk, { moment, task, rivals }: Running): string {
  const files = [...task.files].map(
    ([fd, { path, inode, offset, isLocked }]) =>
      `${fd} ${path} ${isLocked} ${offset} ${disk.names.get(path) === inode || formatInode(inodeOf(disk, inode))}`,
  )
  return [moment.id, task.pid, rivals, files].join(' ')
}
