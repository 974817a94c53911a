/** CHECK of the host's side: bridge, port, VLANs, gateway, MAC check, masquerade. */

import { isDown, mismatch, noPort, noSuch, repairable, wrongLink } from '../../shared/attachment/broken.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { checkMasquerade } from '../../shared/host/masquerade.ts'
import { formatCidr, sameCidr } from '../../shared/ip/subnet.ts'
import { followsPort } from '../../shared/link/bridge.ts'
import { listAddresses, newAddress } from '../../shared/netlink/address.ts'
import {
  type BridgeOptions,
  changeBridge,
  changeBridgePort,
  listPortVlans,
  newPortVlan,
  type PortVlan,
  parseBridge,
  parseBridgePort,
} from '../../shared/netlink/bridge.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { checkHostEnd } from '../../shared/pair/host-end.ts'
import { bridgeOptions, differences } from './bridge.ts'
import { type BridgeConfig, filtersVlans, isGateway, uplinksOf } from './config.ts'
import { checkMacCheck } from './firewall.ts'
import { gateways } from './gateway.ts'
import { missingOf, portVlans } from './port-vlans.ts'
import { sharedVlans } from './uplink-vlans.ts'
import { gatewayName } from './vlan-gateway.ts'
import { wantsVlans } from './vlans.ts'

/** @throws CniError naming the first difference to what ADD made */
export async function checkBridge(
  sides: Sides,
  request: Request<BridgeConfig>,
  prevResult: Result,
): Promise<void> {
  const { host } = sides
  const { config } = request
  const bridge = checkBridgeLink(host, config, prevResult)
  const port = checkHostEnd(sides, request, prevResult)
  checkPort(host, port, bridge, config)
  if (isGateway(config)) checkGateways(host, bridge, config, prevResult)
  if (config.macspoofchk) await checkMacCheck(request, port, ownMac(sides, request), prevResult)
  await checkMasquerade(request, prevResult)
}

function ownMac({ inside }: Sides, { ifname }: Request<BridgeConfig>): string {
  return findLink(inside, ifname)?.mac ?? ''
}

function checkBridgeLink(host: Socket, config: BridgeConfig, { interfaces }: Result): Link {
  const bridge = findLink(host, config.bridge)
  if (bridge?.kind !== 'bridge') throw noSuch('bridge', config.bridge)
  const { name } = bridge
  const mac = interfaces.find((one) => one.name === name && !one.sandbox)?.mac
  if (mac && mac.toLowerCase() !== bridge.mac && !followsPort(host, bridge))
    throw wrongLink(mismatch(`bridge ${name}`, 'MAC address', bridge.mac, mac), name, { mac })
  if (!bridge.up) throw isDown(name)
  if (config.promiscMode && !bridge.promisc)
    throw wrongLink(`bridge ${name} is not promiscuous`, name, { promisc: true })
  checkOptions(bridge, config)
  checkUplinks(host, bridge, config)
  return bridge
}

function checkUplinks(host: Socket, bridge: Link, config: BridgeConfig): void {
  for (const uplink of uplinksOf(config)) {
    const port = findLink(host, uplink.name)
    if (port?.master !== bridge.index) throw noPort(uplink.name, bridge)
    if (wantsVlans(uplink)) checkVlans(host, port, sharedVlans(uplink))
  }
}

function checkOptions(bridge: Link, config: BridgeConfig): void {
  const { name, data } = bridge
  const actual = data && parseBridge(data)
  const wrong = differences(bridge, bridgeOptions(config))
  const [key] = Object.keys(wrong) as (keyof BridgeOptions)[]
  if (key)
    throw repairable(
      mismatch(`bridge ${name}`, key, actual?.[key], wrong[key]),
      changeBridge(bridge, wrong),
      seeLink(name),
    )
  if (!filtersVlans(config) || actual?.vlanFiltering) return
  const msg = `bridge ${name} does not filter VLANs any more`
  throw repairable(msg, changeBridge(bridge, { vlanFiltering: true }), seeLink(name))
}

function checkPort(host: Socket, port: Link, bridge: Link, config: BridgeConfig): void {
  const { name } = port
  if (port.master !== bridge.index) throw noPort(name, bridge)
  const actual = parseBridgePort(port.portData ?? Buffer.alloc(0))
  const wanted = { hairpin: config.hairpinMode, isolated: config.portIsolation }
  for (const key of ['hairpin', 'isolated'] as const) {
    if (actual[key] === wanted[key]) continue
    throw repairable(
      mismatch(name, key, actual[key], wanted[key]),
      changeBridgePort(port, wanted),
      seeLink(name),
    )
  }
  if (wantsVlans(config)) checkVlans(host, port, portVlans(config))
}

function checkVlans(host: Socket, port: Link, wanted: PortVlan[]): void {
  const actual = listPortVlans(host, port)
  const [missing] = wanted.flatMap((vlan) => missingOf(actual, vlan))
  if (!missing) return
  const { first, last } = missing
  const msg = `${port.name} does not carry VLAN ${first === last ? first : `${first}-${last}`} as configured`
  throw repairable(msg, newPortVlan(port, missing), `bridge vlan show dev ${port.name}`)
}

function checkGateways(host: Socket, bridge: Link, { vlan }: BridgeConfig, { ips }: Result): void {
  const name = vlan ? gatewayName(bridge.name, vlan) : bridge.name
  const link = vlan ? findLink(host, name) : bridge
  if (!link) throw noSuch('interface', name)
  const present = listAddresses(host, link)
  for (const gateway of gateways(ips)) {
    if (present.some((cidr) => sameCidr(cidr, gateway))) continue
    const msg = `${name} lacks the gateway address ${formatCidr(gateway)}`
    throw repairable(msg, newAddress(link, gateway), `ip address show dev ${name}`)
  }
}
