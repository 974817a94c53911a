/**
 * 127.0.0.1 at host ports: the sysctl route_localnet of the interface to a container. It would open the host's 127.0.0.1 to that
 * interface, so it is on only as long as attachments use it, and packets from outside to 127.0.0.0/8 are dropped meanwhile. Callers
 * hold the feature's lock.
 */

import { attachmentHash, attachmentKey, hashedName } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { isErrno } from '../kernel/errno.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'
import { type Pointers, pointers } from '../state/pointers.ts'
import type { PortRules } from './portmap-rules.ts'

const folder = 'firewall/localnet'

/** The attachments for which the sysctl of an interface was switched on; none where another program has done that. */
function usersOf(via: string): Pointers {
  return pointers(`${folder}/${hashedName('', via)}`)
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

/** Switches the sysctl off with the last attachment for which it was switched on. Call it before the guard goes. */
export function releaseLocalnet(attachment: Attachment, links: readonly string[]): void {
  for (const via of links) release(attachmentHash(attachment), via)
}

function release(user: string, via: string): void {
  const users = usersOf(via)
  const names = users.names()
  if (names.length === 0) users.removeFolder()
  if (!names.includes(user)) return
  // Forgotten last: a DEL that fails here is made good by the next.
  if (names.length === 1) switchOff(via)
  users.remove(user)
  users.removeFolder()
}

function switchOff(via: string): void {
  try {
    writeSysctl('0', ...sysctlOf(via))
  } catch (error) {
    // /proc/sys that this process cannot write: DEL goes on.
    if (!isErrno(error, 'EROFS', 'EACCES', 'EPERM', 'ENOENT')) throw error
  }
}
