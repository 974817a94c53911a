/** Which attachments are valid, for GC. The runtime knows each by CNI_IFNAME, also where the key `ifname` has named its interface. */

import type { ValidAttachment } from '../cni/attachments.ts'
import { hashedName } from '../cni/identity.ts'
import { pointers } from './pointers.ts'

/** The CNI_IFNAME of each attachment with a name of its own, by the hash of container and own name. */
const given = pointers('given-names')

/** For ADD, before anything has the name. @param ifname of the key @param givenName CNI_IFNAME */
export function noteGivenName(attachment: ValidAttachment, givenName: string): void {
  given.set(nameOf(attachment), givenName)
}

export function forgetGivenName(attachment: ValidAttachment): void {
  given.remove(nameOf(attachment))
}

function nameOf({ containerID, ifname }: ValidAttachment): string {
  return hashedName('', `${containerID}/${ifname}`)
}

/** Whether an attachment is among the valid ones of its network. */
export function isValid(
  valid: readonly ValidAttachment[],
  { containerID, ifname }: ValidAttachment,
): boolean {
  const ofContainer = valid.filter((one) => one.containerID === containerID)
  if (ofContainer.length === 0) return false
  const names = [ifname, given.get(nameOf({ containerID, ifname }))]
  return ofContainer.some((one) => names.includes(one.ifname))
}
