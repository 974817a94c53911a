/** Which attachments are valid, for GC. The runtime knows each by CNI_IFNAME, also where the key `ifname` has named its interface. */

import type { ValidAttachment } from '../cni/attachments.ts'
import { isNoted } from './given-names.ts'

/** Whether an attachment is among the valid ones of its network. */
export function isValid(
  valid: readonly ValidAttachment[],
  { containerID, ifname }: ValidAttachment,
): boolean {
  const ofContainer = valid.filter((one) => one.containerID === containerID)
  if (ofContainer.some((one) => one.ifname === ifname)) return true
  return ofContainer.some((one) => isNoted({ containerID, ifname, givenName: one.ifname }))
}
