/** bridge: a switch on the host; each container gets a port of its own. */

import type { Connected, Life, Made } from '../../shared/attachment/device.ts'
import { requireHostIPv6 } from '../../shared/attachment/ipv6.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { findMade } from '../../shared/attachment/made.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { hostIfname } from '../../shared/cni/identity.ts'
import type { Interface, Result } from '../../shared/cni/result.ts'
import { segment } from '../../shared/cni/segment.ts'
import { addMasquerade, masquerade, masqueradeStatus } from '../../shared/host/masquerade.ts'
import { waitUntilRunning } from '../../shared/link/running.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { hostEnd } from '../../shared/pair/host-end.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { ensureBridge, requireBridgeName, undoUnlessJoined } from './bridge.ts'
import { checkBridge } from './check.ts'
import { type BridgeConfig, config, isGateway } from './config.ts'
import { addMacCheck, macCheck } from './firewall.ts'
import { completeLease, connectGateway, forward } from './gateway.ts'
import { connectPort } from './port.ts'
import { connectUplinks } from './uplinks.ts'

/** The bridge and the container's port. */
interface OnHost extends Made {
  bridge: Link
  port: Link
}

export const bridge = interfacePlugin<BridgeConfig, OnHost>({
  name: 'bridge',
  summary: 'connects containers to a switch (a Linux bridge) on the host',
  config,
  segment: ({ bridge, vlan }) => segment('bridge', { bridge, vlan }),
  device: {
    // The masquerade first: the kernel frees its memory while DEL deletes the interface; otherwise DEL waits for that at its end.
    leaves: [masquerade, hostEnd, macCheck],
    prepare: requestedMac,
    create,
    complete: (lease, { request }) => completeLease(lease, request.config),
    bringUp: ({ dad, enabledad, disableContainerInterface }) => ({
      dad: dad ?? (enabledad ? 'wait' : 'off'),
      stayDown: disableContainerInterface,
    }),
    connect,
    settle({ host, request }, { port }) {
      if (!request.config.disableContainerInterface) waitUntilRunning(host, port)
    },
    finish: forward,
    check: checkBridge,
    async status(request) {
      const { config } = request
      requireBridgeName(hostSocket(), config)
      if (isGateway(config)) requireHostIPv6(config.ipam, config.bridge)
      await masqueradeStatus(request)
    },
  },
})

async function create(life: Life<BridgeConfig>): Promise<OnHost> {
  const { bridge, macspoofchk } = life.request.config
  const made = joinLocked(life, bridge)
  if (macspoofchk) await addMacCheck(life, made.port)
  return made
}

/** Joins under the lock of the bridge's own name: the configuration may have an alternative one. */
function joinLocked(life: Life<BridgeConfig>, name: string): OnHost {
  const joined = withLinkLock(name, () => {
    const found = findLink(life.host, name)
    return found && found.name !== name ? found.name : join(life, found)
  })
  return typeof joined === 'string' ? joinLocked(life, joined) : joined
}

/** The caller holds the bridge's lock: bridge, uplinks and port are one step for other ADDs. */
function join(life: Life<BridgeConfig>, found: Link | undefined): OnHost {
  const { host, request, undo } = life
  const own = hostIfname(request)
  const bridge = ensureBridge(life, found, own)
  const unlessJoined = undoUnlessJoined(undo, host, bridge, own)
  if (request.config.uplinks) connectUplinks(host, bridge, request.config, unlessJoined)
  const port = connectPort(life, bridge)
  // Unless ADD has pinned it, the bridge's MAC address may be that of the new port now.
  const joined = isGateway(request.config) ? bridge : findMade(host, bridge.name)
  return { bridge, port, interfaces: [toInterface(joined), { ...toInterface(port), mtu: port.mtu }] }
}

/** Without the MTU, which the kernel changes when ports come and go. */
function toInterface({ name, mac }: Link): Interface {
  return { name, mac }
}

async function connect(
  life: Life<BridgeConfig>,
  { bridge, port }: OnHost,
  lease: Result,
): Promise<Connected> {
  const interfaces = connectGateway(life, bridge, port, lease.ips)
  await addMasquerade(life, lease)
  return { interfaces }
}
