/** ptp: a routed link of each container to the host; a veth pair that belongs to no switch. */

import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Interface, Result } from '../../shared/cni/result.ts'
import { segment } from '../../shared/cni/segment.ts'
import { enableForwarding } from '../../shared/host/forwarding.ts'
import {
  addMasquerade,
  masqueradeCollection,
  masqueradeRemoval,
  masqueradeStatus,
} from '../../shared/host/masquerade.ts'
import { waitUntilRunning } from '../../shared/link/running.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { collectHostEnds, makePair, removeHostEnd } from '../../shared/pair/host-end.ts'
import { config, type PtpConfig } from './config.ts'
import { checkHost, connectHost } from './host.ts'
import { containerRoutes, gatewayAddresses, requireGateways } from './routes.ts'

export const ptp = interfacePlugin<PtpConfig, Link>({
  name: 'ptp',
  summary: 'routes between each container and the host over a link of their own',
  config,
  // The host routes to all of them, so an address can be only one container's.
  segment: () => segment('ptp'),
  prepare: requestedMac,
  create: (life) => makePair(life, {}),
  interfaces: ({ name, mac, mtu }) => [{ name, mac, mtu }],
  complete: requireGateways,
  onLink: ({ ips }, link) => containerRoutes(ips, link),
  connect,
  settle: ({ host }, end) => waitUntilRunning(host, end),
  finish,
  remove,
  check: checkHost,
  status: masqueradeStatus,
  gc: (request) => [() => collectHostEnds(request), ...masqueradeCollection(request)],
})

async function connect(life: Life<PtpConfig>, end: Link, result: Result): Promise<Interface[]> {
  connectHost(life.host, end, result.ips)
  await addMasquerade(life, result)
  return []
}

function finish({ undo }: Life<PtpConfig>, { ips }: Result): void {
  enableForwarding(
    undo,
    gatewayAddresses(ips).map(({ address }) => address.family),
  )
}

/** The host's side, found by what follows from the attachment; the masquerade first, as for the bridge. */
function remove(request: Request<PtpConfig>): (() => unknown)[] {
  return [...masqueradeRemoval(request), () => removeHostEnd(request)]
}
