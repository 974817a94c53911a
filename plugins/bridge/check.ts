/** CHECK of the host's side: bridge, port, VLANs, gateway, masquerade; each thing that ADD made and somebody may have broken. */

import { broken } from '../../shared/attachment/check.ts'
import type { Wiring } from '../../shared/attachment/wiring.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { checkMasquerade } from '../../shared/host/masquerade.ts'
import { formatCidr, sameCidr } from '../../shared/ip/subnet.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { listPortVlans, parseBridge, parseBridgePort } from '../../shared/netlink/bridge.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { checkHostEnd } from '../../shared/pair/host-end.ts'
import { bridgeOptions, differences, wantsVlans } from './bridge.ts'
import { type BridgeConfig, isGateway } from './config.ts'
import { checkMacCheck } from './firewall.ts'
import { gateways } from './gateway.ts'
import { carries, portVlans } from './port.ts'
import { gatewayName } from './vlan-gateway.ts'

/** @throws CniError naming the first thing that is not as ADD left it */
export async function checkBridge(
  wiring: Wiring,
  request: Request<BridgeConfig>,
  prevResult: Result,
): Promise<void> {
  const { host } = wiring
  const { config } = request
  const bridge = checkBridgeLink(host, config, prevResult)
  const port = checkHostEnd(wiring, request, prevResult)
  checkPort(host, port, bridge, config)
  if (isGateway(config)) checkGateways(host, bridge, config, prevResult)
  await checkMacCheck(request, port, findLink(wiring.inside, request.ifname)?.mac ?? '')
  await checkMasquerade(request, prevResult)
}

function checkBridgeLink(host: Socket, config: BridgeConfig, { interfaces }: Result): Link {
  const name = config.bridge
  const show = `ip -d link show dev ${name}`
  const bridge = findLink(host, name)
  if (!bridge) throw broken(`the host has no bridge ${name} any more`, { see: show })
  if (bridge.kind !== 'bridge') throw broken(`${name} is not a bridge any more`, { see: show })
  const mac = interfaces.find((one) => one.name === name && !one.sandbox)?.mac
  if (mac && mac.toLowerCase() !== bridge.mac)
    throw broken(`bridge ${name} has MAC address ${bridge.mac}, not ${mac}`, { see: show })
  if (!bridge.up) throw broken(`bridge ${name} is down`, { see: show })
  if (config.promiscMode && !bridge.promisc) throw broken(`bridge ${name} is not promiscuous`, { see: show })
  const [wrong] = Object.entries(differences(bridge, bridgeOptions(config)))
  if (wrong) throw broken(`bridge ${name} does not have ${wrong[0]} ${wrong[1]}`, { see: show })
  if (wantsVlans(config) && !(bridge.data && parseBridge(bridge.data).vlanFiltering))
    throw broken(`bridge ${name} does not filter VLANs any more`, { see: show })
  for (const uplink of config.uplinks ?? []) {
    if (findLink(host, uplink)?.master !== bridge.index)
      throw broken(`uplink ${uplink} is no port of ${name}`, { see: `ip link show dev ${uplink}` })
  }
  return bridge
}

function checkPort(host: Socket, port: Link, bridge: Link, config: BridgeConfig): void {
  const { name } = port
  const show = `ip -d link show dev ${name}`
  if (port.master !== bridge.index)
    throw broken(`${name} is no port of ${bridge.name} any more`, { see: show })
  const { hairpin, isolated } = parseBridgePort(port.portData ?? Buffer.alloc(0))
  if (hairpin !== config.hairpinMode)
    throw broken(`hairpin mode of ${name} is ${onOff(hairpin)}, not ${onOff(config.hairpinMode)}`, {
      see: show,
    })
  if (isolated !== config.portIsolation)
    throw broken(`isolation of ${name} is ${onOff(isolated)}, not ${onOff(config.portIsolation)}`, {
      see: show,
    })
  if (wantsVlans(config)) checkVlans(host, port, config)
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}

function checkVlans(host: Socket, port: Link, config: BridgeConfig): void {
  const actual = listPortVlans(host, port)
  const missing = portVlans(config).find((vlan) => !carries(actual, vlan))
  if (!missing) return
  const range = missing.first === missing.last ? missing.first : `${missing.first}-${missing.last}`
  throw broken(`${port.name} does not carry VLAN ${range} as configured`, {
    see: `bridge vlan show dev ${port.name}`,
  })
}

function checkGateways(host: Socket, bridge: Link, { vlan }: BridgeConfig, { ips }: Result): void {
  const name = vlan ? gatewayName(bridge.name, vlan) : bridge.name
  const link = findLink(host, name)
  const present = link ? listAddresses(host, link) : []
  for (const gateway of gateways(ips)) {
    if (present.some((cidr) => sameCidr(cidr, gateway))) continue
    throw broken(`${name} lacks the gateway address ${formatCidr(gateway)}`, {
      see: `ip address show dev ${name}`,
    })
  }
}
