/** CHECK of VTEP, remotes, features, bridge and port. */

import {
  broken,
  isDown,
  mismatch,
  noPort,
  noSuch,
  repairable,
  wrongMtu,
} from '../../shared/attachment/broken.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { commandIn, inWords, seeLink } from '../../shared/netlink/command.ts'
import { newFloodEntry, removeFloodEntry } from '../../shared/netlink/fdb.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { listVnis } from '../../shared/netlink/vni.ts'
import { changeVxlan, parseVxlan, type VxlanOptions } from '../../shared/netlink/vxlan.ts'
import { checkHostEnd } from '../../shared/pair/host-end.ts'
import type { VxlanConfig } from './config.ts'
import { featureDifferences } from './features.ts'
import { differences, optionInWords, optionsOf } from './options.ts'
import { remoteDifferences } from './remotes.ts'
import { takesAll } from './rules.ts'
import { namesOf } from './segment.ts'
import { checkTold } from './told.ts'
import { findUnderlay, type Underlay } from './underlay.ts'

/** @throws CniError naming the first difference to what ADD made */
export function checkVxlan(sides: Sides, request: Request<VxlanConfig>, prevResult: Result): void {
  if (request.config.direct) checkDirect(sides, request)
  else checkSegment(sides, request, prevResult)
}

function checkSegment(sides: Sides, request: Request<VxlanConfig>, prevResult: Result): void {
  const { host } = sides
  const { config, ifname } = request
  const names = namesOf(config)
  const bridge = findLink(host, names.bridge ?? '')
  if (bridge?.kind !== 'bridge') throw noSuch('bridge', names.bridge ?? '')
  if (!bridge.up) throw isDown(bridge.name)
  const vtep = findLink(host, names.vtep ?? '')
  if (!vtep)
    throw broken(`the host has no VTEP ${names.vtep} any more`, { see: 'ip -d link show type vxlan' })
  checkVtep(host, host, vtep, request)
  checkFeatures(host, vtep, config)
  const port = checkHostEnd(sides, request, prevResult)
  for (const link of [vtep, port]) if (link.master !== bridge.index) throw noPort(link.name, bridge)
  checkMtus(vtep, port, findLink(sides.inside, ifname))
  checkTold(request, vtep.name)
}

/** The VTEP is in the container's namespace, its underlay in the host's. */
function checkDirect({ host, inside, container }: Sides, request: Request<VxlanConfig>): void {
  const { ifname, config } = request
  const vtep = findLink(inside, ifname)
  if (!vtep) throw noSuch('VTEP', ifname, request)
  checkVtep(host, inside, vtep, request)
  inNamespace(container, () => checkFeatures(inside, vtep, config))
  if (config.vniFilter && !takesAll(listVnis(inside, vtep), config.vniFilter))
    throw broken(`${ifname} does not take the VNIs of vniFilter`, {
      see: commandIn(request, `bridge vni show dev ${ifname}`),
    })
}

const reconcileIt = 'change it to the configuration: patchbay reconcile'

/** Options and remotes. @param side the VTEP's side */
function checkVtep(host: Socket, side: Socket, vtep: Link, { config, log }: Request<VxlanConfig>): void {
  const { name } = vtep
  if (vtep.kind !== 'vxlan') throw noSuch('VTEP', name, side)
  if (!vtep.up) throw isDown(name, side)
  const underlay = findUnderlay(host, config, log)
  const wanted = optionsOf(config, underlay)
  const { change, fixed } = differences(vtep, wanted)
  const [wrong] = [...fixed, ...(Object.keys(change) as (keyof VxlanOptions)[])]
  if (wrong) {
    const actual = optionInWords(host, wrong, parseVxlan(vtep.data ?? Buffer.alloc(0)))
    const msg = mismatch(`VTEP ${name}`, wrong, actual, optionInWords(host, wrong, wanted))
    if (fixed.length > 0) throw broken(msg, { see: seeLink(name, side) })
    if (config.direct) throw repairable(msg, changeVxlan(vtep, change), seeLink(name), side)
    throw broken(msg, { hint: reconcileIt, see: seeLink(name, side) })
  }
  checkRemotes(side, vtep, underlay)
}

function checkRemotes(side: Socket, vtep: Link, underlay: Underlay): void {
  const { missing, surplus } = remoteDifferences(side, vtep, underlay)
  const [lost, extra] = [missing[0], surplus[0]]
  const wrong = lost ?? extra
  if (!wrong) return
  const { dst, via, viaName } = wrong
  const what = lost ? `lacks its remote ${dst}` : `has remote ${dst}, which is not configured`
  const msg = `VTEP ${vtep.name} ${what}`
  const see = `bridge fdb show dev ${vtep.name}`
  // In a container `bridge` cannot name the host's link by which a direct VTEP sends.
  if (via && !viaName) throw broken(msg, { see: commandIn(side, see) })
  throw repairable(msg, lost ? newFloodEntry(vtep, lost) : removeFloodEntry(vtep, wrong), see, side)
}

/** Must be called in the VTEP's namespace. */
function checkFeatures(side: Socket, vtep: Link, config: VxlanConfig): void {
  const [wrong] = Object.entries(featureDifferences(vtep, config))
  if (!wrong) return
  const [feature, wanted] = wrong
  throw broken(mismatch(vtep.name, feature, !wanted, wanted), {
    hint: `repair it: ${commandIn(side, `ethtool -K ${vtep.name} ${feature} ${inWords(wanted)}`)}`,
    see: commandIn(side, `ethtool -k ${vtep.name}`),
  })
}

/** VTEP and port must pass frames of the container's MTU. */
function checkMtus(vtep: Link, port: Link, inside: Link | undefined): void {
  const mtu = inside?.mtu ?? 0
  if (port.mtu !== mtu) throw wrongMtu(port, mtu)
  if (vtep.mtu < mtu) throw wrongMtu(vtep, mtu)
}
