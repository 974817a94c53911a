/** bridge: a switch on the host; each container gets a port of its own. */

import { CniError, Code } from '../../shared/cni/error.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import type { Interface, Result } from '../../shared/cni/result.ts'
import { cidrs } from '../../shared/device/configure.ts'
import { requestedMac } from '../../shared/device/mac.ts'
import { hostIfname, parseAlias } from '../../shared/device/names.ts'
import { hostSocket, interfacePlugin, type Life } from '../../shared/device/plugin.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { type Link, listLinks, removeLink } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { ensureBridge, withBridgeLock } from './bridge.ts'
import { checkBridge } from './check.ts'
import { type BridgeConfig, config, isGateway } from './config.ts'
import { completeLease, connectGateway, enableForwarding, toInterface } from './gateway.ts'
import { connectPort, waitForPort } from './port.ts'
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
  prepare: requestedMac,
  create,
  interfaces: (made) => [toInterface(made.bridge), toInterface(made.port)],
  complete: completeLease,
  connect,
  settle,
  finish,
  isBare: ({ disableContainerInterface }) => disableContainerInterface,
  dad: ({ dad, enabledad }) => dad ?? (enabledad ? 'wait' : 'off'),
  remove,
  check: checkBridge,
  status,
  gc,
})

/** Bridge, uplinks and port are one step to other ADDs. */
function create(life: Life<BridgeConfig>): Made {
  const { host, request, undo } = life
  return withBridgeLock(request.config.bridge, () => {
    const bridge = ensureBridge(host, request.config, undo)
    connectUplinks(host, bridge, request.config, undo)
    return { bridge, port: connectPort(life, bridge) }
  })
}

async function connect(
  life: Life<BridgeConfig>,
  { bridge, port }: Made,
  result: Result,
): Promise<Interface[]> {
  const { request, undo } = life
  const { ipMasq, ipMasqBackend, macspoofchk } = request.config
  if (macspoofchk) {
    const { addMacSpoofCheck } = await import('../../shared/firewall/macspoofchk.ts')
    undo(() => removeMacSpoofCheckOf(request))
    await addMacSpoofCheck(request, port.name, containerMac(result))
  }
  const gateway = isGateway(request.config) ? connectGateway(life, bridge, port, result.ips) : []
  if (ipMasq) {
    const { addMasquerade } = await import('../../shared/firewall/masquerade.ts')
    undo(() => removeMasqueradeOf(request))
    await addMasquerade(request, cidrs(result.ips), ipMasqBackend)
  }
  return gateway
}

function finish(life: Life<BridgeConfig>, result: Result): void {
  if (isGateway(life.request.config)) enableForwarding(life, result.ips)
}

function containerMac({ interfaces }: Result): string {
  return interfaces.at(-1)?.mac ?? ''
}

function settle(life: Life<BridgeConfig>, { port }: Made): void {
  if (!life.request.config.disableContainerInterface) waitForPort(life.host, port)
}

/**
 * The host's side, found by names that follow from the attachment: needs neither the namespace nor prevResult. The
 * masquerade first: the kernel then frees it while it is busy with the interface, instead of letting the end wait.
 */
function remove(request: Request<BridgeConfig>): (() => unknown)[] {
  const { ipMasq, macspoofchk } = request.raw
  return [
    ...(ipMasq ? [() => removeMasqueradeOf(request)] : []),
    () => tolerate(() => ask(hostSocket(), removeLink({ name: hostIfname(request) })), 'ENODEV'),
    ...(macspoofchk ? [() => removeMacSpoofCheckOf(request)] : []),
  ]
}

async function removeMasqueradeOf(attachment: Attachment): Promise<void> {
  const { removeMasquerade } = await import('../../shared/firewall/masquerade.ts')
  return removeMasquerade(attachment)
}

async function removeMacSpoofCheckOf(attachment: Attachment): Promise<void> {
  const { removeMacSpoofCheck } = await import('../../shared/firewall/macspoofchk.ts')
  return removeMacSpoofCheck(attachment)
}

async function status({ config }: Request<BridgeConfig>): Promise<void> {
  if (!config.ipMasq) return
  const { masqueradeStatus } = await import('../../shared/firewall/masquerade.ts')
  const reason = await masqueradeStatus(config.ipMasqBackend)
  if (reason) throw new CniError(Code.PluginNotAvailable, { msg: `ipMasq cannot work: ${reason}` })
}

/** Removes what belongs to attachments of this network that are not valid any more. */
function gc(request: Request<BridgeConfig>): (() => unknown)[] {
  const { network, validAttachments, config } = request
  const steps: (() => unknown)[] = [() => collectPorts(request)]
  if (config.macspoofchk)
    steps.push(async () =>
      (await import('../../shared/firewall/macspoofchk.ts')).collectMacSpoofCheck(network, validAttachments),
    )
  if (config.ipMasq)
    steps.push(async () =>
      (await import('../../shared/firewall/masquerade.ts')).collectMasquerade(network, validAttachments),
    )
  return steps
}

function collectPorts({ network, validAttachments }: Request): void {
  const host = hostSocket()
  for (const link of listLinks(host)) {
    const owner = parseAlias(link.alias)
    if (owner?.network !== network) continue
    const valid = validAttachments.some(
      ({ containerID, ifname }) => containerID === owner.containerID && ifname === owner.ifname,
    )
    if (!valid) tolerate(() => ask(host, removeLink(link)), 'ENODEV')
  }
}
