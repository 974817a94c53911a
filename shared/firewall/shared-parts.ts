/**
 * Who uses what attachments share in the firewall: the rules for a bridge, the frame of a table. Users are pointers in a folder for each
 * part; removing the folder succeeds only when it is empty, so the last user is found without counting. Hold the firewall's lock.
 */

import { attachmentHash, attachmentKey, hashedName } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { pointers } from '../state/pointers.ts'

function usersOf(part: string) {
  return pointers(`firewall/users/${hashedName('', part)}`)
}

/** Notes that an attachment uses a part. @param part its name: `bridge br0` @throws KernelError */
export function use(part: string, attachment: Attachment): void {
  usersOf(part).set(attachmentHash(attachment), attachmentKey(attachment))
}

/** Forgets a user. @returns whether the part has no users any more */
export function release(part: string, attachment: Attachment): boolean {
  const users = usersOf(part)
  users.remove(attachmentHash(attachment))
  return users.removeFolder()
}

/** Address -> the attachment that iptables or firewalld lets it through for: their rules do not tell. */
const owners = pointers('firewall/addresses')

/** Makes an attachment the owner of its addresses, also of those that another one had. */
export function own(attachment: Attachment, addresses: readonly string[]): void {
  for (const address of addresses) owners.set(address, attachmentKey(attachment))
}

/** The addresses that no other attachment owns: a container may have got one before the DEL of the one that had it. */
export function ownedBy(attachment: Attachment, addresses: readonly string[]): string[] {
  const key = attachmentKey(attachment)
  return addresses.filter((address) => (owners.get(address) ?? key) === key)
}

/** Forgets the owner of addresses that are removed. */
export function disown(addresses: readonly string[]): void {
  for (const address of addresses) owners.remove(address)
}
