/** Which attachments are valid, for GC. The runtime knows each by CNI_IFNAME, also where the key `ifname` has named its interface. */

import { ifnamesByContainer, type ValidAttachment } from '../cni/attachments.ts'
import { isNoted } from './given-names.ts'

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
