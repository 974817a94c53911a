/** ipvlan: containers on the network of a host's NIC, all with its MAC address, told apart by their IP addresses. */

import type { Interface, Result } from '../../shared/cni/result.ts'
import { childStatus } from '../../shared/device/child.ts'
import type { Life } from '../../shared/device/device.ts'
import { collectHostAccess, connectHostAccess, removeHostAccess } from '../../shared/device/host-access.ts'
import { interfacePlugin } from '../../shared/device/plugin.ts'
import { given } from '../../shared/ipvlan/chain.ts'
import { checkIpvlan, createIpvlan, probesBy, shimOf } from '../../shared/ipvlan/ipvlan.ts'
import { needAddresses } from '../../shared/ipvlan/keys.ts'
import { complete, type Parent, warnOfSilence } from '../../shared/ipvlan/lease.ts'
import { dismiss } from '../../shared/ipvlan/port.ts'
import { config, type IpvlanConfig } from './config.ts'

export const ipvlan = interfacePlugin<IpvlanConfig, Parent>({
  name: 'ipvlan',
  summary:
    "puts containers on the network of a host NIC, all with the NIC's MAC address, as a switch or as a router",
  config,
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
