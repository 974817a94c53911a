/** ipvlan: containers on the network of a host's NIC, all with its MAC address, told apart by their IP addresses. */

import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { connectIfWanted, hostAccess } from '../../shared/host/access-trace.ts'
import { childStatus, unrenamedChild } from '../../shared/link/child.ts'
import { parentMacs } from '../../shared/link/parent-now.ts'
import { config, type IpvlanConfig } from './config.ts'
import { checkIpvlan, createIpvlan, onParent, shimOf } from './ipvlan.ts'
import { requireAddresses } from './keys.ts'
import { complete, type Parent } from './lease.ts'
import { ipvlanPort } from './port-record.ts'

export const ipvlan = interfacePlugin<IpvlanConfig, Parent>({
  name: 'ipvlan',
  summary:
    "puts containers on the network of a host NIC, all with the NIC's MAC address, as a switch or as a router",
  config,
  segment: onParent,
  device: {
    leaves: [unrenamedChild, hostAccess, ipvlanPort],
    prepare: requireAddresses,
    create: (life) => createIpvlan(life, 'ipvlan'),
    complete,
    bringUp: () => ({ upLast: true }),
    connect: (life, parent, lease) => connectIfWanted(life, parent.link, shimOf(life.request.config), lease),
    macs: parentMacs,
    check: (sides, request, prevResult) => checkIpvlan(sides, request, prevResult, 'ipvlan'),
    status: (request) => childStatus(request, 'ipvlan'),
  },
})
