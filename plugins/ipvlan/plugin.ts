/** ipvlan: containers on the network of a host's NIC, all with its MAC address, told apart by their IP addresses. */

import { CniError, Code } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Interface, Result } from '../../shared/cni/result.ts'
import { childStatus } from '../../shared/device/child.ts'
import type { Life, ProbingLink } from '../../shared/device/device.ts'
import { collectHostAccess, connectHostAccess, removeHostAccess } from '../../shared/device/host-access.ts'
import { interfacePlugin } from '../../shared/device/plugin.ts'
import { given } from './chain.ts'
import { config, type IpvlanConfig, isRouted } from './config.ts'
import { checkIpvlan, createIpvlan, shimOf } from './ipvlan.ts'
import { fitting, judge, type Parent, warnOfSilence } from './lease.ts'
import { dismiss } from './port.ts'

export const ipvlan = interfacePlugin<IpvlanConfig, Parent>({
  name: 'ipvlan',
  summary:
    "puts containers on the network of a host NIC, all with the NIC's MAC address, as a switch or as a router",
  config,
  prepare: needAddresses,
  create: createIpvlan,
  interfaces: () => [],
  given,
  complete,
  connect,
  probesBy,
  announcesWhenUp: true,
  remove: (request) => [...removeHostAccess(request), () => dismiss(request)],
  check: checkIpvlan,
  status: (request) => childStatus(request, 'ipvlan'),
  gc: collectHostAccess,
})

/** The L3 modes deliver by address. In L2, too, but there containers may give themselves some. */
function needAddresses(request: Request<IpvlanConfig>): void {
  const { config } = request
  if (!isRouted(config) || config.ipam?.type || given(request)) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `ipam is not set: mode ${config.mode} routes between addresses, so there must be some`,
    hint: 'set ipam, for example {"type": "host-local", "subnet": "10.88.0.0/16"}; "mode": "l2" goes without',
  })
}

function complete(lease: Result, config: IpvlanConfig, parent: Parent): Result {
  judge(lease, config, parent)
  return fitting(lease, config)
}

/** ipvlan hands frames to containers by address, of which one that probes has none: the answers end at the parent. */
function probesBy({ request }: Life<IpvlanConfig>, { link }: Parent): ProbingLink | undefined {
  return link.up ? { link, isInside: request.config.linkInContainer === true } : undefined
}

async function connect(life: Life<IpvlanConfig>, parent: Parent, result: Result): Promise<Interface[]> {
  const { config, log } = life.request
  warnOfSilence(result, config, parent, log)
  return config.hostAccess ? connectHostAccess(life, parent.link, shimOf(config), result) : []
}
