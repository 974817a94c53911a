/** vxlan: one Ethernet for containers of many hosts, carried in UDP packets between the hosts. */

import type { Life, Made } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Interface } from '../../shared/cni/result.ts'
import { segment } from '../../shared/cni/segment.ts'
import { Code, withCode } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { waitUntilRunning } from '../../shared/link/running.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { hostEnd, makePair } from '../../shared/pair/host-end.ts'
import { checkVxlan } from './check.ts'
import { config, type VxlanConfig } from './config.ts'
import { createDirect, unmovedVtep } from './direct.ts'
import { fittingMtu, requireMtu, tunnelMtu } from './mtu.ts'
import { noOwnIn, requireOwn } from './own.ts'
import { reconcile } from './reconcile.ts'
import { ensureSegment, ownSegment, withSegmentLock } from './segment.ts'
import { tellAttachment, toldAttachment } from './told.ts'
import { downDev, findUnderlay, type Underlay } from './underlay.ts'

/** What ADD has made on the host: nothing, when the VTEP is the container's. */
interface OnHost extends Made {
  port?: Link
}

export const vxlan = interfacePlugin<VxlanConfig, OnHost>({
  name: 'vxlan',
  summary: 'joins containers of many hosts to one network, in UDP packets between the hosts (VXLAN)',
  config,
  segment: ({ vni, bridge }) => segment('vxlan', { vni, bridge }),
  reconcile,
  device: {
    leaves: [hostEnd, unmovedVtep, ownSegment, toldAttachment],
    prepare: requestedMac,
    create,
    connect: tellAttachment,
    settle: ({ host }, { port }) => port && waitUntilRunning(host, port),
    check: checkVxlan,
    status,
  },
})

function create(life: Life<VxlanConfig>): OnHost {
  const { host, request } = life
  const { config, log } = request
  const underlay = findUnderlay(host, config, log)
  if (config.peers) requireOwn(underlay, config)
  const mtu = tunnelMtu(host, config, underlay, log)
  if (!config.direct) return withSegmentLock(config, () => join(life, underlay, mtu))
  createDirect(life, underlay, mtu)
  return {}
}

/** The caller holds the segment's lock: segment and port are one step for other ADDs. */
function join(life: Life<VxlanConfig>, underlay: Underlay, mtu: number): OnHost {
  const { host, request, undo } = life
  const { config, log } = request
  const { vtep, bridge } = ensureSegment(host, config, underlay, { mtu, undo, log })
  const { txQueueLen } = config
  const both = { mtu: fittingMtu(vtep, mtu, request), txQueueLen }
  const port = makePair(life, both, { master: bridge, up: true })
  return { port, interfaces: [toInterface(vtep), nameOnly(bridge), toInterface(port)] }
}

function toInterface({ name, mac, mtu }: Link): Interface {
  return { name, mac, mtu }
}

/** Without the MTU, which does not limit the bridge's ports. */
function nameOnly({ name, mac }: Link): Interface {
  return { name, mac }
}

/** STATUS: the kernel has VXLAN, the host has the underlay, which may be down for a moment. @throws CniError when every ADD would fail */
function status({ config, log }: Request<VxlanConfig>): void {
  const host = hostSocket()
  requireKind(host, 'vxlan')
  const down = downDev(host, config)
  if (down) log.warn(`dev ${down.name} is down: no frames reach other hosts: ip link set dev ${down.name} up`)
  else withCode(Code.PluginNotAvailable, () => requireUnderlay(host, config, log))
}

function requireUnderlay(host: Socket, config: VxlanConfig, log: Log): void {
  const underlay = findUnderlay(host, config, log)
  if (!config.peers || underlay.own) requireMtu(host, config, underlay, log)
  else log.warn(`${noOwnIn(config.dev)}: an ADD fails until it has one, or local is set`)
}
