/** ipvtap: an ipvlan whose packets a program reads and writes through a device node. */

import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { checkNode, deviceNode, handOver } from '../../../shared/device-node/device-node.ts'
import { childStatus, unrenamedChild } from '../../../shared/link/child.ts'
import { parentMacs } from '../../../shared/link/parent-now.ts'
import { checkIpvlan, createIpvlan, onParent } from '../ipvlan.ts'
import { requireAddresses } from '../keys.ts'
import { complete, type Parent } from '../lease.ts'
import { ipvlanPort } from '../port-record.ts'
import { config, type IpvtapConfig } from './config.ts'

export const ipvtap = interfacePlugin<IpvtapConfig, Parent>({
  name: 'ipvtap',
  summary:
    "puts virtual machines on the network of a host NIC, each with a device node, all with the NIC's MAC address",
  config,
  segment: onParent,
  device: {
    leaves: [deviceNode, unrenamedChild, ipvlanPort],
    prepare,
    create: (life) => createIpvlan(life, 'ipvtap'),
    complete,
    bringUp: () => ({ upLast: true }),
    connect: handOver,
    macs: parentMacs,
    async check(sides, request, prevResult) {
      await checkIpvlan(sides, request, prevResult, 'ipvtap')
      checkNode(sides, request)
    },
    status: (request) => childStatus(request, 'ipvtap'),
  },
})

/** In mode l3s the kernel delivers packets in a netfilter hook, which bypasses the device node (drivers/net/ipvlan/ipvlan_l3s.c). */
function prepare(request: Request<IpvtapConfig>): void {
  requireAddresses(request)
  if (request.config.mode === 'l3s')
    request.log.warn(
      'mode l3s: a program that opens the device node can send, but receives nothing: use l2 or l3 for virtual machines',
    )
}
