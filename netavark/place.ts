/** The names of a call, validated before they meet a path (spec section "Parameters"). */

import { validateContainerID, validateIfname } from '../shared/config/names.ts'
import { CniError, Code, shortened } from '../shared/error/error.ts'
import type { Place } from './call.ts'

/** @throws CniError of code 4 */
export function validatePlace({ containerID, netns, ifname }: Place): void {
  validateContainerID(containerID)
  validateIfname(ifname)
  if (netns.startsWith('/') && !netns.includes('\0')) return
  throw new CniError(Code.InvalidEnvironment, {
    msg: 'the namespace must be an absolute path',
    details: shortened(netns, 200),
    hint: 'netavark calls: DRIVER setup PATH, DRIVER teardown PATH',
  })
}
