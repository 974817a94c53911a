/** What a network uses of the host: bridge, subnets, VNI, NICs. Two networks may want the same. */

import type { Plugin, Registry } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import { silent } from '../../shared/error/log.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'
import { config as hostLocal, rangeSets } from '../../shared/ipam/host-local/config.ts'
import { parseRange, type Range } from '../../shared/ipam/range.ts'
import type { Finder } from './installed.ts'
import { partsOf, pluginOf } from './member.ts'
import type { Member, Network } from './network.ts'

type Raw = Record<string, unknown>

/** How a NIC of the host is used: each holder needs it for itself. */
export interface Use {
  nic: string
  /** `macvlan`: networks of it can share the NIC. */
  by: string
  /** Networks of one holder agree in it. */
  mode?: string
  path: string
}

export interface Facts {
  network: Network
  /** Which containers share a segment (`segment` of the plugin). */
  segment?: string
  /** The bridge that gets addresses of the network; empty for ptp, whose containers the host routes to one by one. */
  gateway?: string
  replacesAddress: boolean
  ranges: { range: Range; path: string }[]
  vni?: { number: number; path: string }
  uses: Use[]
}

/** Of the first member that makes an interface. */
export async function factsOf(network: Network, registry: Registry, finder: Finder): Promise<Facts> {
  const none: Facts = { network, replacesAddress: false, ranges: [], uses: [] }
  if (network.kind === 'podman') return { ...none, ...podmanFacts(network.whole) }
  const first = network.members.find(({ type }) => type !== 'loopback')
  const plugin = first && finder.isChecked(first.type) ? await pluginOf(first.type, registry) : undefined
  return first && plugin ? { ...none, ...factsIn(first, plugin) } : none
}

function factsIn({ raw, path }: Member, plugin: Plugin): Omit<Facts, 'network'> {
  const config = plugin.config.parseLeniently(plugin.config.canonical(raw), silent) as Raw
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  return {
    segment: plugin.segment?.(config),
    gateway: gatewayOf(plugin.name, config),
    replacesAddress: config.forceAddress === true,
    ranges: rangesIn(raw, at('ipam')),
    ...(typeof config.vni === 'number' && { vni: { number: config.vni, path: at('vni') } }),
    uses: config.linkInContainer === true ? [] : usesOf(plugin.name, config, at),
  }
}

function gatewayOf(plugin: string, { bridge, vlan, isGateway, isDefaultGateway }: Raw): string | undefined {
  if (plugin === 'ptp') return ''
  if (plugin !== 'bridge' || !(isGateway || isDefaultGateway)) return undefined
  return vlan ? `${bridge}.${vlan}` : String(bridge)
}

/** The ranges of host-local, also within an ipam-list. */
function rangesIn(raw: Raw, path: string): Facts['ranges'] {
  const { ipam } = raw
  if (!isObject(ipam)) return []
  const inner = partsOf(ipam).flatMap((part, at) => rangesIn({ ...raw, ipam: part }, `${path}.list[${at}]`))
  if (!String(ipam.type).includes('host-local')) return inner
  try {
    const config = hostLocal.parseLeniently(hostLocal.canonical(raw), silent)
    return rangeSets(config).flatMap((set) => set.map((range) => ({ range, path })))
  } catch {
    return []
  }
}

/** Kinds that share a NIC, and those that need it alone. */
const holders: Readonly<Record<string, string>> = {
  macvlan: 'macvlan',
  macvtap: 'macvlan',
  ipvlan: 'ipvlan',
  ipvtap: 'ipvlan',
  macsec: 'macsec',
}

function usesOf(plugin: string, config: Raw, at: (key: string) => string): Use[] {
  const { master = '', mode, device, links, uplinks } = config
  const by = holders[plugin]
  if (by)
    return [{ nic: String(master), by, mode: modeOf(by, mode), path: at(config.master ? 'master' : 'type') }]
  const named = (list: unknown, key: string) =>
    Array.isArray(list)
      ? list.map((one) => ({ nic: String(isObject(one) ? one.name : one), path: at(key) }))
      : []
  const ports = named(uplinks, 'uplinks').map((one) => ({
    ...one,
    by: 'bridge',
    mode: String(config.bridge),
  }))
  const members = named(links, 'links').map((one) => ({ ...one, by: plugin, mode: plugin }))
  const own = plugin === 'host-device' && typeof device === 'string'
  return [...ports, ...members, ...(own ? [{ nic: device, by: plugin, path: at('device') }] : [])]
}

/** The port of a NIC has one mode for all ipvlans; a macvlan in passthru has the NIC to itself. */
function modeOf(by: string, mode: unknown): string | undefined {
  if (by === 'ipvlan') return String(mode ?? 'l2')
  return mode === 'passthru' ? 'passthru' : undefined
}

/** netavark's own keys. */
function podmanFacts({ driver, network_interface, subnets }: Raw): Partial<Facts> {
  const listed = Array.isArray(subnets) ? subnets.filter(isObject) : []
  const ranges = listed.flatMap(({ subnet }, at) => {
    if (typeof subnet !== 'string' || !parseCidr(subnet)) return []
    try {
      return [{ range: parseRange({ subnet }, 'subnets'), path: `subnets[${at}].subnet` }]
    } catch {
      return []
    }
  })
  const isBridge = driver === 'bridge' || driver === 'patchbay-bridge'
  return {
    ranges,
    ...(isBridge && { gateway: String(network_interface ?? ''), segment: String(network_interface) }),
  }
}
