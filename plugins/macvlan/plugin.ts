/** macvlan: each container gets an interface with its own MAC address on a NIC of the host. */

import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { connectIfWanted, hostAccess } from '../../shared/host/access-trace.ts'
import type { ShimKind } from '../../shared/host/shim.ts'
import { childStatus, unrenamedChild } from '../../shared/link/child.ts'
import { parentNow } from '../../shared/link/parent-now.ts'
import { macvlanKind } from '../../shared/netlink/macvlan.ts'
import { config, type MacvlanConfig } from './config.ts'
import { chosenMac, explainMac } from './mac.ts'
import { checkMacvlan, createMacvlan, type OnParent, onParent, passthruMacs } from './macvlan.ts'

/** The host's interface for hostAccess: a macvlan, like the containers'. */
const shim: ShimKind = { ...macvlanKind({ mode: 'bridge' }), ownMac: true, neighbours: true }

export const macvlan = interfacePlugin<MacvlanConfig, OnParent>({
  name: 'macvlan',
  summary: 'puts containers on the network of a host NIC, each with a MAC address of its own',
  config,
  segment: onParent,
  device: {
    leaves: [unrenamedChild, hostAccess],
    prepare: chosenMac,
    create: (life) => createMacvlan(life, 'macvlan'),
    bringUp: () => ({ upLast: true }),
    connect: (life, { parent }, lease) => connectIfWanted(life, parent, shim, lease),
    explain: explainMac,
    macs: passthruMacs,
    async check(sides, request, prevResult) {
      const parent = parentNow(sides, request)
      checkMacvlan(sides, request, parent, 'macvlan')
      if (!request.config.hostAccess) return
      const { checkHostAccess } = await import('../../shared/host/access-check.ts')
      checkHostAccess(sides, request, parent, shim, prevResult)
    },
    status: (request) => childStatus(request, 'macvlan'),
  },
})
