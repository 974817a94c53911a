/** macvtap: a macvlan whose frames a program reads and writes through a device node. */

import { wrongLink } from '../../../shared/attachment/broken.ts'
import type { Device } from '../../../shared/attachment/device.ts'
import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import { hostSocket, type Sides } from '../../../shared/attachment/sides.ts'
import { isTuned } from '../../../shared/attachment/tuned.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { checkNode, deviceNode, handOver, handOverBoth } from '../../../shared/device-node/device-node.ts'
import { childStatus, unrenamedChild } from '../../../shared/link/child.ts'
import { requireKind } from '../../../shared/link/kind.ts'
import { parentNow } from '../../../shared/link/parent-now.ts'
import { findLink } from '../../../shared/netlink/link.ts'
import type { MacvlanConfig } from '../keys.ts'
import { chosenMac, explainMac } from '../mac.ts'
import { checkMacvlan, createMacvlan, onParent, passthruMacs } from '../macvlan.ts'
import { allocatedInside, explainAllocated, takeAllocated } from './allocated.ts'
import { config, type MacvtapConfig } from './config.ts'
import { deviceIDOf, namesMacvtap, onDevice, warnOfUnused } from './device-id.ts'

const common = {
  leaves: [deviceNode, unrenamedChild],
  prepare(request) {
    chosenMac(request)
    warnOfUnused(request)
  },
  bringUp: () => ({ upLast: true }),
  connect: handOver,
} satisfies Partial<Device<MacvtapConfig>>

/** On a parent of the host or the container. */
const made: Device<MacvtapConfig> = {
  ...common,
  async create(life) {
    const promisc = life.request.config.promiscMode || undefined
    await createMacvlan({ ...life, request: onDevice(life.request) }, 'macvtap', { promisc })
  },
  explain: (error, request) => explainMac(error, onDevice(request)),
  macs: (sides, request) => passthruMacs(sides, onDevice(request)),
  check: (sides, request) => check(sides, request, onDevice(request)),
  status: (request) => childStatus(onDevice(request), 'macvtap'),
}

/** Made by a device plugin. */
const allocated: Device<MacvtapConfig> = {
  ...common,
  create: takeAllocated,
  connect: handOverBoth,
  explain: explainAllocated,
  macs: (sides, request) => passthruMacs(sides, allocatedInside(sides, request)),
  check: (sides, request) => check(sides, request, allocatedInside(sides, request)),
  status: () => requireKind(hostSocket(), 'macvtap'),
}

export const macvtap = interfacePlugin<MacvtapConfig>({
  name: 'macvtap',
  summary:
    'puts virtual machines on the network of a host NIC, each with a device node and its own MAC address',
  config,
  segment: (config) => (deviceIDOf(config) ? undefined : onParent(config)),
  device: (config) => (namesMacvtap(config) ? allocated : made),
})

/** @param resolved the request with the parent that is meant */
function check(sides: Sides, request: Request<MacvtapConfig>, resolved: Request<MacvlanConfig>): void {
  const { ifname, config } = request
  checkMacvlan(sides, resolved, parentNow(sides, resolved), 'macvtap')
  const isPromisc = findLink(sides.inside, ifname)?.promisc
  if (config.promiscMode && !isPromisc && !isTuned(request, 'promisc'))
    throw wrongLink(`${ifname} is not promiscuous`, ifname, { promisc: true }, request)
  checkNode(sides, request)
}
