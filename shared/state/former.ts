/** A network's name may change between ADD and DEL. What ADD has recorded is found by container, interface and namespace then. */

import { attachmentHash, interfaceHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { openNamespaceIfAny } from '../kernel/namespace.ts'

/** An attachment, and the path of its namespace, where it is known. */
export interface Recorded extends Attachment {
  netns?: string
}

/**
 * What is recorded for an attachment, also under another name of its network.
 * @param read the record of a key
 * @param names all keys
 */
export function findRecordOf<T extends Recorded>(
  attachment: Recorded,
  read: (key: string) => T | undefined,
  names: () => string[],
): T | undefined {
  const own = read(attachmentHash(attachment))
  if (own) return own
  const alike = names().filter((name) => name.startsWith(interfaceHash(attachment)))
  return alike.map(read).find((one) => one && isSameInterface(one, attachment))
}

/** Whether two attachments are of one interface of one container. */
export function isSameInterface(one: Omit<Recorded, 'network'>, other: Omit<Recorded, 'network'>): boolean {
  const isElsewhere = one.netns && other.netns && one.netns !== other.netns
  return one.containerID === other.containerID && one.ifname === other.ifname && !isElsewhere
}

/** Whether the path of an attachment's namespace leads to none, as this process sees it. Unknown counts as not gone. */
export function hasLostNamespace({ netns }: Recorded): boolean {
  return netns !== undefined && netns !== '' && openNamespaceIfAny(netns) === undefined
}
