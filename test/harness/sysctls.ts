/** The network's sysctls in the current network namespace, as lines. */

import { closeSync, type Dirent, openSync, readdirSync, readSync, statSync } from 'node:fs'

const root = '/proc/sys/net'

/** Counters, and sysctls of modules that are loaded at any time. */
const counting = /\/netfilter\/|\/nf_conntrack_max|\/vrf\/strict_mode|\/(random|fs|flush|netns_ok)/

/** The folder of one link's settings; `all` and `default` concern every link. */
const ofLink = /\/ipv[46]\/conf\/(?!(all|default)$)[^/]+$/

/** All sysctls below net, without net/ipv4/conf and net/ipv6/conf of single links: the kernel's message about a link has these values. */
export function sysctlLines(): string[] {
  const opened = openedHere()
  return filesBelow(root).flatMap((path) => linesOf(path, opened).map((line) => `sysctl ${path}:${line}`))
}

function filesBelow(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = `${directory}/${entry.name}`
    if (counting.test(path) || ofLink.test(path)) return []
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

/** None where the directory is that of a link which was deleted meanwhile. */
function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

/** A sysctl's lines; none where it can only be written. */
function linesOf(path: string, opened: Descriptors): string[] {
  try {
    return contentOf(path, opened).split('\n').filter(Boolean)
  } catch {
    return []
  }
}

/** The open files of a namespace's sysctls: opening takes longer than reading, and a test looks a hundred times. */
type Descriptors = Map<string, number>

/** Of the namespaces that were looked at last, by the inode of each: as many as tests compare at once. */
const namespaces = new Map<number, Descriptors>()
const KEPT_NAMESPACES = 2

/** The open files of the namespace that this program is in. */
function openedHere(): Descriptors {
  const { ino } = statSync('/proc/thread-self/ns/net')
  const opened = namespaces.get(ino) ?? new Map()
  namespaces.delete(ino)
  namespaces.set(ino, opened)
  const [oldest] = namespaces.keys()
  if (oldest !== undefined && namespaces.size > KEPT_NAMESPACES) forget(oldest)
  return opened
}

function forget(namespace: number): void {
  for (const fd of namespaces.get(namespace)?.values() ?? []) closeSync(fd)
  namespaces.delete(namespace)
}

/** An open file of a link that was deleted, or of a namespace that has ended, has no content: the path may be another one's now. */
function contentOf(path: string, opened: Descriptors): string {
  const fd = opened.get(path)
  if (fd === undefined) return contentOfNew(path, opened)
  try {
    return read(fd)
  } catch {
    closeSync(fd)
    opened.delete(path)
    return contentOfNew(path, opened)
  }
}

function contentOfNew(path: string, opened: Descriptors): string {
  const fd = openSync(path, 'r')
  try {
    const content = read(fd)
    opened.set(path, fd)
    return content
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The kernel makes, and clears, as much memory for a read as is asked for. */
const space = Buffer.alloc(4096)

/** With one read, which gives the whole of a sysctl that fits. */
function read(fd: number, into = space): string {
  const length = readSync(fd, into, 0, into.length, 0)
  return length < into.length ? into.toString('latin1', 0, length) : read(fd, Buffer.alloc(16 * length))
}
