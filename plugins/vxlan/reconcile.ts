/** `patchbay reconcile`: changes an existing VTEP to its configuration without an ADD, for example after `remotes` was edited. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import type { Network, Reconciled } from '../../shared/cni/plugin.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { inWords, made } from './change.ts'
import type { VxlanConfig } from './config.ts'
import { namesOf, withSegmentLock } from './segment.ts'
import { servingChanges } from './told.ts'
import { findUnderlay } from './underlay.ts'
import { vtepChanges } from './vtep.ts'

/** Not for `direct`: that VTEP is in the container, which may have changed it. It gets the new list with the next ADD. */
export function reconcile({ config, log }: Network<VxlanConfig>, isDry: boolean): Reconciled[] {
  const { vtep: name } = namesOf(config)
  if (config.direct || !name) return []
  const host = hostSocket()
  return withSegmentLock(config, () => {
    const vtep = findLink(host, name)
    if (!vtep) return []
    const underlay = findUnderlay(host, config, log)
    const changes = [...vtepChanges(host, vtep, config, underlay), ...servingChanges(config, underlay)]
    return [{ device: name, done: isDry ? inWords(changes) : made(changes) }]
  })
}
