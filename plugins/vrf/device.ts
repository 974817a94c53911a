/** The VRF device: found or made in the container, and deleted with its last port. */

import { findMade } from '../../shared/attachment/made.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isUnknownKind, missingKind } from '../../shared/link/kind.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import {
  changeLink,
  findLink,
  type Link,
  listLinks,
  listPorts,
  newLink,
  removeIfThere,
} from '../../shared/netlink/link.ts'
import { ask, type Socket, transact } from '../../shared/netlink/socket.ts'
import { tableOf, vrfKind } from '../../shared/netlink/vrf.ts'
import { reserved, type VrfConfig } from './config.ts'

/** The alias of VRFs that the plugin made: DEL deletes only these. */
const alias = 'patchbay: vrf'

/** The VRF of a configuration, up. @throws CniError when its name or its table is taken, or the kernel has no VRFs */
export function ensureVrf(inside: Socket, config: VrfConfig, undo: Undo): Link {
  const vrf = findLink(inside, config.vrfname)
  if (!vrf) return makeVrf(inside, config, undo)
  requireSameVrf(inside, vrf, config)
  if (!vrf.up) ask(inside, changeLink(vrf, { up: true }))
  return vrf
}

function requireSameVrf(inside: Socket, vrf: Link, { table }: VrfConfig): void {
  const see = seeLink(vrf.name, inside)
  const actual = tableOf(vrf)
  if (actual === undefined)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `vrfname: the container has an interface ${vrf.name}, which is no VRF: use another name`,
      hint: 'set another vrfname',
      see,
    })
  if (table && table !== actual)
    throw new CniError(Code.InvalidNetworkConfig, {
      // The reference's words.
      msg: `VRF ${vrf.name} already exist with different routing table ${actual}`,
      hint: `set "table": ${actual}, or remove it, or use another vrfname`,
      see,
    })
}

/** Create and alias atomically, so DEL always finds it. */
function makeVrf(inside: Socket, { vrfname: name, table }: VrfConfig, undo: Undo): Link {
  const creation = newLink({ name, ...vrfKind(table || freeTable(inside)) })
  try {
    undoable(
      undo,
      () => transact(inside, [creation, changeLink({ name }, { alias, up: true })]),
      () => removeUnused(inside, name),
    )
  } catch (error) {
    throw isUnknownKind(error) ? missingKind('vrf') : error
  }
  return findMade(inside, name)
}

function freeTable(inside: Socket): number {
  const taken = [...reserved, ...listLinks(inside).map(tableOf)]
  for (let table = 1; ; table++) if (!taken.includes(table)) return table
}

/** Deletes a VRF that the plugin made, if it has no ports any more. */
export function removeUnused(inside: Socket, name: string): void {
  const vrf = findLink(inside, name)
  if (vrf?.kind !== 'vrf' || vrf.alias !== alias || listPorts(inside, vrf).length > 0) return
  removeIfThere(inside, vrf)
}
