/** ptp: a routed link between each container and the host: a veth pair without a bridge. */

import type { Life, Made } from '../../shared/attachment/device.ts'
import { requireHostIPv6 } from '../../shared/attachment/ipv6.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { segment } from '../../shared/cni/segment.ts'
import { enableForwarding } from '../../shared/host/forwarding.ts'
import { addMasquerade, masquerade, masqueradeStatus } from '../../shared/host/masquerade.ts'
import { waitUntilRunning } from '../../shared/link/running.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { hostEnd, makePair } from '../../shared/pair/host-end.ts'
import { config, type PtpConfig } from './config.ts'
import { checkHost, connectHost } from './host.ts'
import { containerRoutes, gatewayAddresses, requireGateways } from './routes.ts'

interface HostEnd extends Made {
  end: Link
}

export const ptp = interfacePlugin<PtpConfig, HostEnd>({
  name: 'ptp',
  summary: 'routes between each container and the host over a link of their own',
  config,
  segment: () => segment('ptp'),
  device: {
    // The masquerade first, as in bridge/plugin.ts.
    leaves: [masquerade, hostEnd],
    prepare: requestedMac,
    create,
    complete: requireGateways,
    bringUp: (_, { ips }, link) => ({ onLink: containerRoutes(ips, link) }),
    connect,
    settle: ({ host }, { end }) => waitUntilRunning(host, end),
    finish,
    check: checkHost,
    async status(request) {
      requireHostIPv6(request.config.ipam)
      await masqueradeStatus(request)
    },
  },
})

function create(life: Life<PtpConfig>): HostEnd {
  const end = makePair(life, life.request.config)
  const { name, mac, mtu } = end
  return { end, interfaces: [{ name, mac, mtu }] }
}

async function connect(life: Life<PtpConfig>, { end }: HostEnd, lease: Result): Promise<void> {
  connectHost(life.host, end, lease.ips, life.request.log)
  await addMasquerade(life, lease)
}

function finish({ undo }: Life<PtpConfig>, { ips }: Result): void {
  enableForwarding(
    undo,
    gatewayAddresses(ips).map(({ address }) => address.family),
  )
}
