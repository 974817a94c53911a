/**
 * Sysctls that ADD sets. Where /proc/sys cannot be written, as in a container without privileges of its own, ADD fails for those
 * on which the attachment's promises rest, and only warns of the others. What has its value already is not written.
 */

import { CniError, Code, factsOf } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { isErrno, type KernelError } from '../kernel/errno.ts'
import { writeSysctl } from '../kernel/sysctl.ts'

/** A sysctl below net: `['ipv6', 'conf', 'eth0', 'accept_dad']`, and its value. */
interface Setting {
  path: readonly string[]
  value: string
}

/** Sets a sysctl without which the attachment would not do what its configuration promises. @throws CniError that names file and remedy */
export function requireSysctl(value: string, ...path: string[]): void {
  const refusal = attempt({ path, value })
  if (refusal) throw needed({ path, value }, refusal)
}

/** Sets a sysctl, or warns. @param without what happens without it: a part of a sentence */
export function preferSysctl({ warn }: Log, without: string, value: string, ...path: string[]): void {
  const refusal = attempt({ path, value })
  if (refusal) warn(`cannot set ${nameOf(path)} to ${value} (${refusal.errno}): ${without}`)
}

/** What follows when duplicate address detection cannot be switched off. */
export const lateLinkLocal = 'its link-local address can be used a second later'

/** What follows when IPv6 cannot be switched off on a link that the host itself does not use. */
export function hostListens(name: string): string {
  return `the host has an IPv6 address on ${name}, and listens to router advertisements`
}

/** The host ignores the router advertisements that come by a link: a container could make itself the host's router by one (CVE-2020-10749). */
export function ignoreAdvertisements(log: Log, name: string): void {
  const risk = `who is on ${name} can make itself the host's IPv6 router`
  preferSysctl(log, risk, '0', 'ipv6', 'conf', name, 'accept_ra')
}

/** @returns the error of a /proc/sys that this process cannot write @throws all other errors */
function attempt({ path, value }: Setting): KernelError | undefined {
  try {
    writeSysctl(value, ...path)
    return undefined
  } catch (error) {
    if (isErrno(error, 'EROFS', 'EACCES', 'EPERM')) return error
    throw error
  }
}

/** As `sysctl` writes it where an interface's name has a dot. */
function nameOf(path: readonly string[]): string {
  return ['net', ...path].join('/')
}

function needed({ path, value }: Setting, cause: KernelError): CniError {
  const remedy = cause.errno === 'EROFS' ? 'mount /proc/sys writable' : 'run the plugin as root'
  return new CniError(Code.IoFailure, {
    msg: `cannot set ${nameOf(path)} to ${value} (${cause.errno}), which this attachment needs: ${remedy}`,
    hint: `mount it writable for the plugin (mount -o remount,bind,rw /proc/sys), or set the value before: sysctl -w ${nameOf(before(path))}=${value}`,
    ...factsOf(cause),
    path: `/proc/sys/${nameOf(path)}`,
  })
}

/** What an interface that ADD makes takes its value from. */
function before([family = '', scope = '', name = '', ...rest]: readonly string[]): readonly string[] {
  return scope === 'conf' && name !== 'all'
    ? [family, scope, 'default', ...rest]
    : [family, scope, name, ...rest].filter(Boolean)
}
