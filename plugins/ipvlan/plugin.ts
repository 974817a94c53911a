/** ipvlan: containers on the network of a host's NIC, all with its MAC address, told apart by their IP addresses. */

import type { Life } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Interface, Result } from '../../shared/cni/result.ts'
import { collectHostAccess, connectHostAccess, removeHostAccess } from '../../shared/host/access.ts'
import { childStatus } from '../../shared/link/child.ts'
import { given } from './chain.ts'
import { config, type IpvlanConfig } from './config.ts'
import { checkIpvlan, createIpvlan, onParent, probesBy, shimOf } from './ipvlan.ts'
import { needAddresses } from './keys.ts'
import { complete, type Parent, warnOfSilence } from './lease.ts'
import { dismiss } from './port.ts'

export const ipvlan = interfacePlugin<IpvlanConfig, Parent>({
  name: 'ipvlan',
  summary:
    "puts containers on the network of a host NIC, all with the NIC's MAC address, as a switch or as a router",
  config,
  segment: onParent,
  prepare: needAddresses,
  create: (life) => createIpvlan(life, 'ipvlan'),
  interfaces: () => [],
  given,
  complete,
  connect,
  probesBy,
  announcesWhenUp: true,
  remove: (request) => [...removeHostAccess(request), () => dismiss(request)],
  check: (wiring, request, prevResult) => checkIpvlan(wiring, request, prevResult, 'ipvlan'),
  status: (request) => childStatus(request, 'ipvlan'),
  gc: collectHostAccess,
})

async function connect(life: Life<IpvlanConfig>, parent: Parent, result: Result): Promise<Interface[]> {
  const { config, log } = life.request
  warnOfSilence(result, config, parent, log)
  return config.hostAccess ? connectHostAccess(life, parent.link, shimOf(config), result) : []
}
