/** Brings the VTEP of a network to its configuration without an ADD, if it is there: remotes edited on one host reach it so. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import type { Network, Reconciled } from '../../shared/cni/plugin.ts'
import { findLink } from '../../shared/netlink/link.ts'
import type { VxlanConfig } from './config.ts'
import { namesOf, withSegmentLock } from './segment.ts'
import { findUnderlay } from './underlay.ts'
import { keepVtep } from './vtep.ts'

/** A VTEP of `direct` is its container's, who may change it: it gets the edited list with the next ADD. */
export function reconcile({ config, log }: Network<VxlanConfig>): Reconciled[] {
  const { vtep: name } = namesOf(config)
  if (config.direct || !name) return []
  const host = hostSocket()
  return withSegmentLock(config, () => {
    const vtep = findLink(host, name)
    if (!vtep) return []
    return [{ device: name, done: keepVtep(host, vtep, config, findUnderlay(host, config, log)) }]
  })
}
