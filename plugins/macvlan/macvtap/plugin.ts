/** macvtap: a macvlan whose frames a program reads and writes, by a device node that is handed over. */

import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import type { Plugin } from '../../../shared/cni/plugin.ts'
import { checkNode, collectNodes, handOver, takeBack } from '../../../shared/device-node/device-node.ts'
import { childStatus } from '../../../shared/link/child.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { chosenMac, explainingMac } from '../mac.ts'
import { checkMacvlan, createMacvlan, onParent, parentOf } from '../macvlan.ts'
import { config, type MacvtapConfig } from './config.ts'

const plugin = interfacePlugin<MacvtapConfig, Link>({
  name: 'macvtap',
  summary:
    'puts virtual machines on the network of a host NIC, each by a device node and with a MAC address of its own',
  config,
  segment: onParent,
  prepare: chosenMac,
  create: (life) => createMacvlan(life, 'macvtap'),
  interfaces: () => [],
  async connect(life, _, result) {
    handOver(life, result)
    return []
  },
  remove: (request) => [() => takeBack(request)],
  check(wiring, request) {
    checkMacvlan(wiring, request, parentOf(wiring, request), 'macvtap')
    checkNode(wiring, request)
  },
  announcesWhenUp: true,
  status: (request) => childStatus(request, 'macvtap'),
  gc: (request) => [() => collectNodes(request)],
})

export const macvtap: Plugin<MacvtapConfig> = {
  ...plugin,
  add: (request) => explainingMac(request, () => plugin.add(request)),
}
