/** macvtap: a macvlan whose frames a program reads and writes through a device node. */

import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import { checkNode, deviceNode, handOver } from '../../../shared/device-node/device-node.ts'
import { childStatus, unrenamedChild } from '../../../shared/link/child.ts'
import { chosenMac, explainMac } from '../mac.ts'
import { checkMacvlan, createMacvlan, onParent, parentOf, passthruMacs } from '../macvlan.ts'
import { config, type MacvtapConfig } from './config.ts'

export const macvtap = interfacePlugin<MacvtapConfig>({
  name: 'macvtap',
  summary:
    'puts virtual machines on the network of a host NIC, each with a device node and its own MAC address',
  config,
  segment: onParent,
  device: {
    leaves: [deviceNode, unrenamedChild],
    prepare: chosenMac,
    create: (life) => createMacvlan(life, 'macvtap'),
    bringUp: () => ({ upLast: true }),
    connect: handOver,
    explain: explainMac,
    macs: passthruMacs,
    check(sides, request) {
      checkMacvlan(sides, request, parentOf(sides, request), 'macvtap')
      checkNode(sides, request)
    },
    status: (request) => childStatus(request, 'macvtap'),
  },
})
