/** The network's sysctls in the current network namespace, as lines. */

import { closeSync, type Dirent, openSync, readdirSync, readSync } from 'node:fs'

const root = '/proc/sys/net'

/** Counters, and sysctls of modules that are loaded at any time. */
const counting = /\/netfilter\/|\/nf_conntrack_max|\/vrf\/strict_mode|\/(random|fs|flush|netns_ok)/

/** The folder of one link's settings; `all` and `default` concern every link. */
const ofLink = /\/ipv[46]\/conf\/(?!(all|default)$)[^/]+$/

/** All sysctls below net, without net/ipv4/conf and net/ipv6/conf of single links: the kernel's message about a link has these values. */
export function sysctlLines(): string[] {
  return filesBelow(root).flatMap((path) => linesOf(path).map((line) => `sysctl ${path}:${line}`))
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
function linesOf(path: string): string[] {
  try {
    return contentOf(path).split('\n').filter(Boolean)
  } catch {
    return []
  }
}

const space = Buffer.alloc(65_536)

/** With one read, which gives the whole of a sysctl: readFileSync would ask for the size, and read again for the end. */
function contentOf(path: string): string {
  const fd = openSync(path, 'r')
  try {
    return space.toString('utf8', 0, readSync(fd, space))
  } finally {
    closeSync(fd)
  }
}
