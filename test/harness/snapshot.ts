/** The state of a host as lines, so that "nothing is left" is a comparison of two snapshots. */

import { type Dirent, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { within } from './netns.ts'
import { networkLines } from './rtnetlink.ts'
import { rulesetLines } from './ruleset.ts'
import { sysctlLines } from './sysctls.ts'

/** Everything that a plugin may change, as lines of text. */
export type Snapshot = string[]

/**
 * Directories of the plugins' files. Excluded: cnitool's own cache of results; the last reserved address, for the next ADD;
 * host-local's index, which only repeats its records; the number of the last helper; what the last `patchbay gc` did; the log of
 * calls, and their counts; the sockets of containerd's shims, which go a moment after their pods.
 */
const kept = ['/run', '/var/lib/cni']
const foreign =
  /^\/var\/lib\/cni\/results|\/\.patchbay\/|^\/run\/(test|netns|lock|containerd\/s|patchbay\/(helper|gc\.json|calls))\b|\/var\/log\/patchbay\/|\/(lock|[^/]*\.lock|last_reserved_ip\.\d+|[^/]*\.damaged)$/

/** A snapshot of the network namespace and the files of the calling process. */
export function snapshot(directories: readonly string[] = kept): Snapshot {
  return [...rulesetLines(), ...networkLines(), ...sysctlLines(), ...directories.flatMap(filesBelow)]
}

/** A snapshot of a named network namespace. */
export function snapshotOf(netns: string): Snapshot {
  return within(netns, () => [...networkLines(), ...sysctlLines()])
}

/** The same of the host and a namespace without the sysctls that are not a link's: four times as fast, for many in a row. */
export function quickSnapshot(netns: string): Snapshot {
  return [...rulesetLines(), ...networkLines(), ...kept.flatMap(filesBelow), ...within(netns, networkLines)]
}

/** The lines that were added (`+`) and removed (`-`) between two snapshots. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  const [old, now] = [new Set(before), new Set(after)]
  const went = before.filter((line) => !now.has(line)).map((line) => `- ${line}`)
  return [...went, ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`)]
}

/** Without the numbers that the kernel gives to each new link and namespace. */
export function withoutNumbers(snapshot: Snapshot): Snapshot {
  return snapshot.filter((line) => !/^link \S+ (ifindex|link_index|link_netnsid): /.test(line))
}

/** The files only: records of host-local and the plugins. */
export function filesIn(snapshot: Snapshot): Snapshot {
  return snapshot.filter((line) => line.startsWith('file '))
}

/** Files with mode and content, symlinks with their targets. Empty directories are ignored. */
function filesBelow(directory: string): string[] {
  return ifThere(() => readdirSync(directory, { withFileTypes: true })).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (foreign.test(path)) return []
    if (entry.isDirectory()) return filesBelow(path)
    return ifThere(() => [lineOf(path, entry)])
  })
}

function lineOf(path: string, entry: Dirent): string {
  if (entry.isSymbolicLink()) return `link ${path} ${readlinkSync(path)}`
  const line = `file ${path} ${statSync(path).mode.toString(8)}`
  return entry.isFile() ? `${line} ${readFileSync(path, 'utf8')}` : line
}

/** Nothing for what another process has removed since its name was read. */
export function ifThere<Found>(look: () => Found[]): Found[] {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
