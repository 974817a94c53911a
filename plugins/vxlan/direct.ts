/** `direct`: the VTEP itself as the container's interface. */

import type { Life, Trace } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { existsAlready } from '../../shared/attachment/made.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { undoable } from '../../shared/attachment/undo.ts'
import { attachmentKey, hashedName } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { changeLink, findLink, removeIfThere } from '../../shared/netlink/link.ts'
import { ask, transact } from '../../shared/netlink/socket.ts'
import { newVniRange } from '../../shared/netlink/vni.ts'
import { made } from './change.ts'
import type { VxlanConfig } from './config.ts'
import { toRange } from './rules.ts'
import type { Underlay } from './underlay.ts'
import { contentChanges, makeVtep } from './vtep.ts'

/** Its name on the host until it is moved. */
function temporaryName(attachment: Attachment): string {
  return hashedName('vxto', attachmentKey(attachment))
}

/**
 * Makes the VTEP on the host, where its UDP socket stays and the routes to the remotes are; then moves it with its remotes
 * into the container, under its final name. Equivalent to `ip link add …; ip link set NAME netns NS name IFNAME`.
 */
export function createDirect(life: Life<VxlanConfig>, underlay: Underlay, mtu: number): void {
  const { host, inside, container, request, undo } = life
  const { config, ifname } = request
  const name = temporaryName(request)
  if (findLink(host, name)) throw existsAlready(name)
  const vtep = makeVtep(host, config, underlay, {
    settings: { name, mtu, mac: requestedMac(request), txqlen: config.txQueueLen },
    undo,
    inverse: () => removeIfThere(host, { name }),
  })
  const ranges = config.vniFilter?.map((entry) => newVniRange(vtep, toRange(entry))) ?? []
  if (ranges.length > 0) transact(host, ranges)
  made(contentChanges(host, vtep, config, underlay))
  undoable(
    undo,
    () => ask(host, changeLink(vtep, { netns: container, name: ifname })),
    () => removeIfThere(inside, { name: ifname }),
  )
}

/** A VTEP that was not moved yet. After the move it is the container's interface, which DEL deletes. */
export const unmovedVtep: Trace = {
  remove: (request) => removeIfThere(hostSocket(), { name: temporaryName(request) }),
}
