/** Reads links, addresses and routes with `ip -j -d`. */

import { readdirSync, readFileSync } from 'node:fs'
import { command, ip, ipJson } from './command.ts'
import type { Netns } from './host.ts'
import { within } from './netns.ts'
import { globalAddresses, isPresent } from './present.ts'

/** The fields of a link that tests use. */
export interface Link {
  ifname: string
  ifalias?: string
  ifindex: number
  /** The parent or peer, by its name when it is in the same namespace, else by its index. */
  link?: string
  link_index?: number
  mtu: number
  txqlen: number
  master?: string
  address: string
  flags: string[]
  promiscuity: number
  operstate: string
  linkinfo?: {
    info_kind?: string
    info_data?: Record<string, unknown>
    info_slave_data?: Record<string, unknown>
  }
}

interface Route {
  dst: string
  gateway?: string
}

function inside(netns: Netns | undefined): string {
  return netns ? `-n ${netns.name} ` : ''
}

/** A link by name, by default on the host. @throws when it does not exist */
export function link(name: string, netns?: Netns): Link {
  const [found] = ipJson<Link>(`${inside(netns)}link show dev ${name}`)
  if (!found) throw new Error(`no link ${name}`)
  return found
}

export function exists(name: string, netns?: Netns): boolean {
  return within(netns?.name, () => isPresent(name))
}

/** The ports of a bridge. */
export function ports(bridge: string): Link[] {
  return ipJson<Link>(`link show master ${bridge}`)
}

/** The VLANs of a port, as in `bridge vlan show`: `100 PVID Egress Untagged`, `200-210`. */
export function portVlans(port: string): string[] {
  type Vlan = { vlan: number; vlanEnd?: number; flags?: string[] }
  const found: { vlans: Vlan[] }[] = JSON.parse(
    command('bridge', '-j', '-compressvlans', 'vlan', 'show', 'dev', port),
  )
  const text = ({ vlan, vlanEnd, flags = [] }: Vlan) =>
    [vlanEnd ? `${vlan}-${vlanEnd}` : vlan, ...flags].join(' ')
  return found.flatMap(({ vlans }) => vlans.map(text))
}

/** The host's end of a container's veth pair. */
export function hostEnd(container: Netns, ifname = 'eth0', kind: 'veth' | 'vxcan' = 'veth'): Link {
  const { link_index } = link(ifname, container)
  const found = ipJson<Link>(`link show type ${kind}`).find(({ ifindex }) => ifindex === link_index)
  if (!found) throw new Error(`no other end of ${ifname}`)
  return found
}

/** Global addresses as CIDRs. @throws when there is no such link */
export function addresses(name: string, netns?: Netns): string[] {
  return within(netns?.name, () => globalAddresses(name))
}

/** The addresses that host-local has reserved in a network's directory. */
export function reservedIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => /^[0-9a-f.:]+$/.test(name))
}

/** A namespace's routes of a family: `default via 10.1.0.1`. */
export function routes(family: 4 | 6, netns?: Netns): string[] {
  const found = ipJson<Route>(`${inside(netns)}-${family} route show`)
  return found.map(({ dst, gateway }) => (gateway ? `${dst} via ${gateway}` : dst))
}

/** Runs `ip` in a container: `inContainer(c, 'link set eth0 mtu 1400')`. */
export function inContainer({ name }: Netns, words: string): string {
  return ip(`-n ${name} ${words}`)
}

/** Reads a file of /proc/sys in a namespace. */
export function sysctl(name: string, netns?: Netns): string {
  return within(netns?.name, () => readFileSync(`/proc/sys/${name}`, 'utf8')).trim()
}
