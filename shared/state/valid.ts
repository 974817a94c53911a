/** Which attachments are valid, for GC. The runtime knows each by CNI_IFNAME, also where the key `ifname` has named its interface. */

import type { ValidAttachment } from '../cni/attachments.ts'
import type { Request } from '../cni/plugin.ts'
import { allNotes, forgetGivenName, isNoted, type Named } from './given-names.ts'

/**
 * A test of attachments: whether one is among the valid ones of its network. A record of an old release has no interface: any of
 * its container's will do. One test costs the same, however many are valid.
 */
export function amongValid(
  valid: readonly ValidAttachment[],
): (attachment: { containerID: string; ifname?: string | undefined }) => boolean {
  const ifnames = ifnamesByContainer(valid)
  return ({ containerID, ifname }) => {
    const known = ifnames.get(containerID) ?? []
    if (ifname === undefined) return known.length > 0
    return known.includes(ifname) || known.some((givenName) => isNoted({ containerID, ifname, givenName }))
  }
}

/** The names of each container's interfaces. */
function ifnamesByContainer(attachments: readonly ValidAttachment[]): Map<string, string[]> {
  const ifnames = new Map<string, string[]>()
  for (const { containerID, ifname } of attachments) {
    const known = ifnames.get(containerID)
    if (known) known.push(ifname)
    else ifnames.set(containerID, [ifname])
  }
  return ifnames
}

/**
 * For GC, when all else is done: forgets the names of attachments that are not valid any more. Each is judged by its own CNI_IFNAME: another
 * attachment of the container may have the name by now, and a DEL of the first would delete its interface.
 */
export function forgetStaleNames({
  network,
  validAttachments,
}: Pick<Request, 'network' | 'validAttachments'>): void {
  const ifnames = ifnamesByContainer(validAttachments)
  const isValid = ({ containerID, ifname, givenName }: Named) =>
    ifnames.get(containerID)?.some((known) => known === givenName || known === ifname) ?? false
  for (const note of allNotes()) if (note.network === network && !isValid(note)) forgetGivenName(note)
}
