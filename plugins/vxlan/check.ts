/** CHECK of what is VXLAN's own: VTEP, remotes, features, bridge, port; each thing that ADD made and somebody may have broken. */

import { broken } from '../../shared/attachment/check.ts'
import type { Wiring } from '../../shared/attachment/wiring.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { listVnis } from '../../shared/netlink/vni.ts'
import { parseVxlan, type VxlanOptions } from '../../shared/netlink/vxlan.ts'
import { checkHostEnd } from '../../shared/pair/host-end.ts'
import type { VxlanConfig } from './config.ts'
import { featureDifferences } from './features.ts'
import { differences, inWords, optionsOf } from './options.ts'
import { remoteDifferences } from './remotes.ts'
import { takesAll } from './rules.ts'
import { namesOf } from './segment.ts'
import { findUnderlay } from './underlay.ts'

/** @throws CniError naming the first thing that is not as ADD left it */
export function checkVxlan(wiring: Wiring, request: Request<VxlanConfig>, prevResult: Result): void {
  if (request.config.direct) checkDirect(wiring, request)
  else checkSegment(wiring, request, prevResult)
}

function checkSegment(wiring: Wiring, request: Request<VxlanConfig>, prevResult: Result): void {
  const { host } = wiring
  const { config, ifname } = request
  const names = namesOf(config)
  const show = `ip -d link show dev ${names.bridge}`
  const bridge = findLink(host, names.bridge ?? '')
  if (bridge?.kind !== 'bridge')
    throw broken(`the host has no bridge ${names.bridge} any more`, { see: show })
  if (!bridge.up) throw broken(`bridge ${bridge.name} is down`, { see: show })
  const vtep = findLink(host, names.vtep ?? '')
  if (!vtep)
    throw broken(`the host has no VTEP ${names.vtep} any more`, { see: 'ip -d link show type vxlan' })
  checkVtep(host, host, vtep, request)
  checkFeatures(vtep, config)
  const port = checkHostEnd(wiring, request, prevResult)
  for (const link of [vtep, port])
    if (link.master !== bridge.index)
      throw broken(`${link.name} is no port of ${bridge.name} any more`, {
        see: `ip link show dev ${link.name}`,
      })
  checkMtus(vtep, port, findLink(wiring.inside, ifname))
}

/** The VTEP's namespace is the container's, its underlay the host's. */
function checkDirect({ host, inside, container }: Wiring, request: Request<VxlanConfig>): void {
  const { ifname, netns, config } = request
  const show = `nsenter --net=${netns} ip -d link show dev ${ifname}`
  const vtep = findLink(inside, ifname)
  if (!vtep) throw broken(`the container has no interface ${ifname} any more`, { see: show })
  checkVtep(host, inside, vtep, request)
  inNamespace(container, () => checkFeatures(vtep, config))
  if (config.vniFilter && !takesAll(listVnis(inside, vtep), config.vniFilter))
    throw broken(`${ifname} does not take the VNIs of vniFilter`, {
      see: `nsenter --net=${netns} bridge vni show`,
    })
}

/** Options and remotes. @param side where the VTEP is */
function checkVtep(host: Socket, side: Socket, vtep: Link, { config, log }: Request<VxlanConfig>): void {
  const { name } = vtep
  const show = `ip -d link show dev ${name}`
  if (vtep.kind !== 'vxlan') throw broken(`${name} is not a VTEP any more`, { see: show })
  if (!vtep.up) throw broken(`VTEP ${name} is down`, { see: show })
  const underlay = findUnderlay(host, config, log)
  const wanted = optionsOf(config, underlay)
  const { change, fixed } = differences(vtep, wanted)
  const [wrong] = [...fixed, ...(Object.keys(change) as (keyof VxlanOptions)[])]
  if (wrong) {
    const actual = inWords(host, wrong, parseVxlan(vtep.data ?? Buffer.alloc(0)))
    throw broken(`VTEP ${name} has ${wrong} ${actual}, not ${inWords(host, wrong, wanted)}`, { see: show })
  }
  const { missing, surplus } = remoteDifferences(side, vtep, underlay)
  const fdb = `bridge fdb show dev ${name}`
  if (missing[0]) throw broken(`VTEP ${name} lacks its remote ${missing[0].dst}`, { see: fdb })
  if (surplus[0])
    throw broken(`VTEP ${name} has remote ${surplus[0].dst}, which is not configured`, { see: fdb })
}

/** Must be called in the VTEP's namespace. */
function checkFeatures(vtep: Link, config: VxlanConfig): void {
  const [wrong] = Object.entries(featureDifferences(vtep, config))
  if (!wrong) return
  const [feature, wanted] = wrong
  const state = wanted ? 'off, not on' : 'on, not off'
  throw broken(`${feature} of ${vtep.name} is ${state}`, { see: `ethtool -k ${vtep.name}` })
}

/** A frame passes only where everything on its way is as wide as the container believes. */
function checkMtus(vtep: Link, port: Link, inside: Link | undefined): void {
  const mtu = inside?.mtu ?? 0
  if (port.mtu !== mtu)
    throw broken(`${port.name} has MTU ${port.mtu}, not the container's ${mtu}`, {
      see: `ip link show dev ${port.name}`,
    })
  if (vtep.mtu < mtu)
    throw broken(`VTEP ${vtep.name} has MTU ${vtep.mtu}, less than the container's ${mtu}`, {
      see: `ip link show dev ${vtep.name}`,
    })
}
