/** bridge: a switch on the host; each container gets a port of its own. */

import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostIfname } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Interface, Result } from '../../shared/cni/result.ts'
import { segment } from '../../shared/cni/segment.ts'
import {
  addMasquerade,
  masqueradeCollection,
  masqueradeRemoval,
  masqueradeStatus,
} from '../../shared/host/masquerade.ts'
import { waitUntilRunning } from '../../shared/link/running.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { collectHostEnds, removeHostEnd } from '../../shared/pair/host-end.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { ensureBridge, undoUnlessShared } from './bridge.ts'
import { checkBridge } from './check.ts'
import { type BridgeConfig, config, isGateway } from './config.ts'
import { addMacCheck, macCheckCollection, macCheckRemoval } from './firewall.ts'
import { completeLease, connectGateway, forward, toInterface } from './gateway.ts'
import { connectPort } from './port.ts'
import { connectUplinks } from './uplinks.ts'

/** What ADD has made on the host. */
interface Made {
  bridge: Link
  port: Link
}

export const bridge = interfacePlugin<BridgeConfig, Made>({
  name: 'bridge',
  summary: 'connects containers to a switch (a Linux bridge) on the host',
  config,
  segment: ({ bridge, vlan }) => segment('bridge', { bridge, vlan }),
  prepare: requestedMac,
  create,
  interfaces: ({ bridge, port }) => [toInterface(bridge), { ...toInterface(port), mtu: port.mtu }],
  guard: (life, { port }, { mac }) => addMacCheck(life, port, mac),
  complete: completeLease,
  connect,
  settle,
  finish,
  isBare: ({ disableContainerInterface }) => disableContainerInterface,
  dad: ({ dad, enabledad }) => dad ?? (enabledad ? 'wait' : 'off'),
  remove,
  check: checkBridge,
  status: masqueradeStatus,
  gc,
})

/** Bridge, uplinks and port are one step to other ADDs. */
function create(life: Life<BridgeConfig>): Made {
  const { host, request, undo } = life
  return withLinkLock(request.config.bridge, () => {
    const bridge = ensureBridge(host, request.config, undo)
    const unlessShared = undoUnlessShared(undo, host, bridge, hostIfname(request))
    connectUplinks(host, bridge, request.config, unlessShared)
    return { bridge, port: connectPort(life, bridge) }
  })
}

async function connect(
  life: Life<BridgeConfig>,
  { bridge, port }: Made,
  result: Result,
): Promise<Interface[]> {
  const gateway = isGateway(life.request.config) ? connectGateway(life, bridge, port, result.ips) : []
  await addMasquerade(life, result)
  return gateway
}

function finish(life: Life<BridgeConfig>, result: Result): void {
  if (isGateway(life.request.config)) forward(life, result.ips)
}

function settle(life: Life<BridgeConfig>, { port }: Made): void {
  if (!life.request.config.disableContainerInterface) waitUntilRunning(life.host, port)
}

/**
 * The host's side, found by names that follow from the attachment: needs neither the namespace nor prevResult. The
 * masquerade first: the kernel then frees it while it is busy with the interface, instead of letting the end wait.
 */
function remove(request: Request<BridgeConfig>): (() => unknown)[] {
  return [...masqueradeRemoval(request), () => removeHostEnd(request), ...macCheckRemoval(request)]
}

/** Removes what belongs to attachments of this network that are not valid any more. */
function gc(request: Request<BridgeConfig>): (() => unknown)[] {
  return [() => collectHostEnds(request), ...macCheckCollection(request), ...masqueradeCollection(request)]
}
