/** Which namespace a word means, and the container ID that cnitool gives to it. */

import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { hashOf } from '../../shared/firewall/reference-names.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { readDirectoryIfAny, readLink } from '../../shared/kernel/files.ts'
import { namedNamespaces } from '../../shared/kernel/named-namespace.ts'
import { closeNamespace, openNamespace, ownNamespace } from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean } from '../form/slip.ts'

/**
 * The path of a namespace: a path, the name of one below /run/netns, or a process as `pid:42` or `42`. Nothing is looked up: it may be gone.
 * @throws CniError for what can be none of these
 */
export function netnsPath(word: string): string {
  const pid = /^(?:pid:)?(\d+)$/.exec(word)?.[1]
  if (pid) return `/proc/${pid}/ns/net`
  if (word.includes('/')) return absolute(word)
  return pathOfName(word)
}

/** The path of a name, as `ip netns` has it. @throws CniError for what is no name */
export function pathOfName(name: string): string {
  if (name.includes('/') || name === '.' || name === '..' || name.length > 255)
    throw misuse(
      `${JSON.stringify(name.slice(0, 50))} is no name of a namespace`,
      'names are those of ip netns list',
    )
  return `${namedNamespaces}/${name}`
}

/** As Go's filepath.Abs, which cnitool calls. */
function absolute(path: string): string {
  const whole = path.startsWith('/') ? path : `${readLink('/proc/self/cwd') ?? ''}/${path}`
  const parts: string[] = []
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** As cnitool makes it of the namespace's path: so each finds what the other has added. */
export function containerIdOf(netns: string): string {
  return `cnitool-${hashOf(netns).slice(0, 20)}`
}

/** @throws CniError of code 8 when there is no network namespace at the path, or it is the host's own */
export function requireNetns(path: string): void {
  if (stat(path)?.inode === stat(ownNamespace)?.inode)
    throw new CniError(Code.InvalidNetNS, {
      msg: `${path} is this process's own network namespace`,
      hint: 'attach a namespace of its own: patchbay netns up NAME NETWORK, or ip netns add NAME',
    })
  try {
    closeNamespace(openNamespace(path))
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EINVAL', 'EACCES', 'EPERM')) throw error
    throw new CniError(Code.InvalidNetNS, {
      ...factsOf(error),
      msg: error.errno === 'ENOENT' ? `there is no network namespace ${path}${meantBy(path)}` : error.message,
      hint: isErrno(error, 'EACCES', 'EPERM')
        ? 'run it as root'
        : 'those with a name: ip netns list; all: lsns -t net; a new one: ip netns add NAME',
    })
  }
}

/** A name that is near, as a question. */
function meantBy(path: string): string {
  const names = readDirectoryIfAny(namedNamespaces).map(({ name }) => name)
  const isNamed = path.startsWith(`${namedNamespaces}/`)
  return isNamed ? didYouMean(path.slice(namedNamespaces.length + 1), names) : ''
}
