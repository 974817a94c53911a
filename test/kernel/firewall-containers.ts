/** Containers on a bridge of the private host, made with iproute2, for the firewall's tests. */

import { hostIfname } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import type { Cidr } from '../../shared/ip/subnet.ts'
import { cidr } from '../harness/address.ts'
import { command, ip } from '../harness/command.ts'
import { type Netns, newContainer, setSysctl, usableAtOnce } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { until } from '../harness/until.ts'

/** A bridge with addresses, which are the containers' gateways. */
export function newBridge(name: string, ...addresses: string[]): void {
  usableAtOnce()
  ip(`link add ${name} type bridge`)
  for (const address of addresses) ip(`address add ${address} dev ${name}${nodad(address)}`)
  ip(`link set ${name} up`)
  setSysctl('net/ipv4/ip_forward', 1)
  setSysctl('net/ipv6/conf/all/forwarding', 1)
}

function nodad(address: string): string {
  return address.includes(':') ? ' nodad' : ''
}

export interface Container {
  netns: Netns
  attachment: Attachment
  /** With the prefix length of the subnet. */
  addresses: string[]
  mac: string
}

/** A container on a bridge; the gateway is the first address of each of its subnets. */
export async function connect(bridge: string, network: string, ...addresses: string[]): Promise<Container> {
  const netns = newContainer()
  const attachment = { network, containerID: netns.name, ifname: 'eth0' }
  const port = hostIfname(attachment)
  ip(`link add ${port} type veth peer name eth0 netns ${netns.name}`)
  ip(`link set ${port} master ${bridge} up`)
  ip(`-n ${netns.name} link set lo up`)
  ip(`-n ${netns.name} link set eth0 up`)
  for (const address of addresses) {
    ip(`-n ${netns.name} address add ${address} dev eth0${nodad(address)}`)
    ip(`-n ${netns.name} route add default via ${address.replace(/\d+\/\d+$/, '1')}`)
  }
  await until(`${port} forwards`, () => link(port).linkinfo?.info_slave_data?.state === 'forwarding')
  const [{ address: mac }] = JSON.parse(ip(`-j -n ${netns.name} link show eth0`))
  return { netns, attachment, addresses, mac }
}

export function cidrs(...texts: string[]): Cidr[] {
  return texts.map(cidr)
}

/** The ruleset as nft's JSON, without handles. */
export function ruleset(): Record<string, Record<string, unknown>>[] {
  const { nftables } = JSON.parse(command('nft', '-j', 'list', 'ruleset'))
  const withoutHandles = (key: string, value: unknown) => (key === 'handle' ? undefined : value)
  return JSON.parse(JSON.stringify(nftables.slice(1), withoutHandles))
}

/** Map and set elements by key: their value, or true, and the comment. */
export function elements(family: string, name: string): Record<string, unknown>[] {
  const found = ruleset().find(({ map, set }) => {
    const named = map ?? set
    return named?.family === family && named.name === name
  })
  return ((found?.map ?? found?.set)?.elem ?? []) as Record<string, unknown>[]
}
