/**
 * 127.0.0.1 at host ports: the sysctl route_localnet of the interface to a container. It would open the host's 127.0.0.1 to that
 * interface, so it is on only as long as attachments use it, and packets from outside to 127.0.0.0/8 are dropped meanwhile. Callers
 * hold the feature's lock.
 */

import type { ValidAttachment } from '../cni/attachments.ts'
import { attachmentHash, attachmentKey, hashedName, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { isErrno } from '../kernel/errno.ts'
import { readDirectoryIfAny } from '../kernel/files.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'
import { type Pointers, pointers } from '../state/pointers.ts'
import { amongValid } from '../state/valid.ts'
import type { PortRules } from './portmap-rules.ts'

const folder = 'firewall/localnet'
/** Those that use the guard of iptables (portmap-guard.ts). */
export const guardFolder = 'firewall/localnet-guard'

const keyOf = (via: string) => hashedName('', via)

/** The attachments for which the sysctl of an interface was switched on; none where another program has done that. */
function usersOf(via: string): Pointers {
  return pointers(`${folder}/${keyOf(via)}`)
}

const sysctlOf = (via: string) => ['ipv4', 'conf', via, 'route_localnet'] as const

/** Sets a sysctl to 1, or warns. */
export type WriteSysctl = (...sysctl: readonly string[]) => void

/** The interfaces that need the sysctl. */
export function localnetLinks(rules: readonly PortRules[]): string[] {
  return rules.flatMap(({ address, via, snat }) => (address.address.family === 4 && snat && via ? via : []))
}

/** Lets packets from 127.0.0.0/8 leave by an interface, and their answers come back. Call it when the guard is there. */
export function useLocalnet(attachment: Attachment, via: string, write: WriteSysctl): void {
  const users = usersOf(via)
  if (readSysctl(...sysctlOf(via)) === '1' && users.names().length === 0) return
  users.set(attachmentHash(attachment), attachmentKey(attachment))
  write(...sysctlOf(via))
}

/**
 * Switches the sysctl off with the last attachment for which it was switched on. Call it before the guard goes.
 * @param links undefined: all that the attachment uses, when its record is lost
 */
export function closeLocalnet(attachment: Attachment, links?: readonly string[]): void {
  const user = attachmentHash(attachment)
  for (const { users, via } of uses(links))
    if (via !== undefined && users.get(user) !== undefined && users.names().length === 1) switchOff(via)
}

/** Forgets a user, when the sysctl is off: a DEL that fails before is made good by the next. @param links as of `closeLocalnet` */
export function forgetLocalnet(attachment: Attachment, links?: readonly string[]): void {
  for (const { users } of uses(links)) {
    users.remove(attachmentHash(attachment))
    users.removeFolder()
  }
}

/** The users of interfaces, or of all; an interface may be gone. */
function uses(links?: readonly string[]): { users: Pointers; via?: string }[] {
  if (links) return links.map((via) => ({ users: usersOf(via), via }))
  const present = new Map(
    readDirectoryIfAny('/proc/sys/net/ipv4/conf').map(({ name }) => [keyOf(name), name]),
  )
  return pointers(folder)
    .names()
    .map((key) => ({ users: pointers(`${folder}/${key}`), via: present.get(key) }))
}

/** The attachments of a network that use 127.0.0.1, or its guard, and are not valid any more. For GC. */
export function staleLocalnet(network: string, valid: readonly ValidAttachment[]): Attachment[] {
  const isValid = amongValid(valid)
  const folders = [pointers(guardFolder), ...uses().map(({ users }) => users)]
  return folders
    .flatMap((users) => users.names().flatMap((name) => parseAttachmentKey(users.get(name)) ?? []))
    .filter((one) => one.network === network && !isValid(one))
}

function switchOff(via: string): void {
  try {
    writeSysctl('0', ...sysctlOf(via))
  } catch (error) {
    // /proc/sys that this process cannot write: DEL goes on.
    if (!isErrno(error, 'EROFS', 'EACCES', 'EPERM', 'ENOENT')) throw error
  }
}
