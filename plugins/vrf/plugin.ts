/** vrf: puts the interface of a chain into a VRF, so that its packets are routed by a table of their own. */

import { broken, isDown, mismatch, noPort, noSuch } from '../../shared/attachment/broken.ts'
import { requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket, openSidesIfAny, type Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { tableOf } from '../../shared/netlink/vrf.ts'
import { config, type VrfConfig } from './config.ts'
import { ensureVrf, removeUnused } from './device.ts'
import { findPort, freePort, makePort } from './port.ts'

export const vrf = interfacePlugin<VrfConfig>({
  name: 'vrf',
  summary: "puts a container's interface into a VRF, with a routing table of its own",
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove: leave }],
    // The reference's words.
    prepare: (request) => void requirePrevResult(request, 'missing prevResult from earlier plugin'),
    create,
    check,
    status: () => requireKind(hostSocket(), 'vrf'),
  },
})

function create(life: Life<VrfConfig>): void {
  const { inside, request, undo } = life
  const port = findPort(inside, request)
  const vrf = ensureVrf(inside, request.config, undo)
  makePort(life, port, vrf, tableOf(vrf) ?? request.config.table, undo)
}

/**
 * Takes the port out of its VRF, and deletes that if the plugin made it. The configuration may name another VRF by now; it
 * tells which one to delete when the port is gone.
 */
function leave(request: Request<VrfConfig>): void {
  const sides = openSidesIfAny(request)
  if (!sides) return
  const { inside } = sides
  const port = findLink(inside, request.ifname)
  const vrf = port?.master ? findLink(inside, port.master) : undefined
  const isIn = port !== undefined && vrf?.kind === 'vrf'
  if (isIn) freePort(inside, port, tableOf(vrf) ?? request.config.table, request.log)
  const names = new Set([isIn ? vrf.name : undefined, request.config.vrfname])
  for (const name of names) if (name) removeUnused(inside, name)
}

function check({ inside }: Sides, request: Request<VrfConfig>): void {
  const { ifname, config } = request
  const vrf = findLink(inside, config.vrfname)
  if (vrf?.kind !== 'vrf') throw noSuch('VRF', config.vrfname, request)
  if (!vrf.up) throw isDown(vrf.name, request)
  const table = tableOf(vrf)
  if (config.table && table !== config.table)
    throw broken(mismatch(`VRF ${vrf.name}`, 'table', table, config.table), {
      see: seeLink(vrf.name, request),
    })
  if (findLink(inside, ifname)?.master !== vrf.index) throw noPort(ifname, vrf, request)
}
