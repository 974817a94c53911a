/**
 * Who uses what attachments share in the firewall: the rules for a bridge, the frame of a table. Users are pointers in a folder for each
 * part; removing the folder succeeds only when it is empty, so the last user is found without counting. Hold the firewall's lock.
 */

import { attachmentHash, attachmentKey, hashedName, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { stateDirectory } from '../kernel/state-directory.ts'
import { explaining } from '../state/explain.ts'
import { pointers } from '../state/pointers.ts'

const folder = 'firewall/users'

function usersOf(part: string) {
  return pointers(`${folder}/${hashedName('', part)}`)
}

/** Notes that an attachment uses a part. @param part its name: `interface br0` @throws KernelError */
export function use(part: string, attachment: Attachment): void {
  usersOf(part).set(attachmentHash(attachment), `${attachmentKey(attachment)}/${part}`)
}

/** Forgets a user. @returns whether the part has no users any more */
export function release(part: string, attachment: Attachment): boolean {
  const users = usersOf(part)
  users.remove(attachmentHash(attachment))
  return users.removeFolder()
}

/** What became of an attachment's pointers. */
export interface Released {
  /** The parts without other users. */
  unused: string[]
  /** What throws the failures: call each after the elements are removed, which a broken state directory does not stop. */
  failures: (() => never)[]
}

/** Forgets a user of several parts. Of a pointer that cannot be removed it is looked up whether the part has other users. */
export function releaseAll(parts: readonly string[], attachment: Attachment): Released {
  const failures: Released['failures'] = []
  const unused = parts.filter((part) => {
    try {
      return release(part, attachment)
    } catch (error) {
      failures.push(() => explaining(stateDirectory, () => rethrow(error)))
      return usersOf(part)
        .names()
        .every((name) => name === attachmentHash(attachment))
    }
  })
  return { unused, failures }
}

function rethrow(error: unknown): never {
  throw error
}

/** The parts that an attachment uses, for one whose record was lost: each part of the host is looked at. */
export function partsUsedBy(attachment: Attachment): string[] {
  const texts = pointers(folder)
    .names()
    .map((part) => pointers(`${folder}/${part}`).get(attachmentHash(attachment)) ?? '')
  return texts.flatMap((text) => text.split('/').slice(3).join('/') || [])
}

/** The users of all parts. For GC. */
export function allUsers(): Attachment[] {
  return pointers(folder)
    .names()
    .flatMap((part) => {
      const users = pointers(`${folder}/${part}`)
      return users.names().flatMap((name) => parseAttachmentKey(users.get(name)) ?? [])
    })
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

/** The addresses that an attachment owns, for one whose record was lost: all are looked at. */
export function addressesOwnedBy(attachment: Attachment): string[] {
  const key = attachmentKey(attachment)
  return owners.names().filter((address) => owners.get(address) === key)
}

/** Forgets the owner of addresses that are removed. */
export function disown(addresses: readonly string[]): void {
  explaining(stateDirectory, () => {
    for (const address of addresses) owners.remove(address)
  })
}
