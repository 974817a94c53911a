/** Hosts of an underlay, each a namespace on a common switch, and plugins that run on them. */

import { command, ip } from './command.ts'
import { type Netns, newContainer } from './host.ts'
import { fixed } from './networks.ts'
import { type Call, type Configuration, call, type Result } from './plugin.ts'

/** A host on the underlay: its NIC is eth0. */
export interface Host extends Netns {
  ipv4: string
  ipv6: string
}

const hosts: Host[] = []

/** Adds a host to the common switch. @param mtu of the NIC and its cable */
export function newHost(mtu = 1500): Host {
  if (hosts.length === 0) {
    ip('link add underlay type bridge mcast_snooping 0')
    ip('link set underlay mtu 9000 up')
  }
  const number = hosts.length + 1
  const host = { ...newContainer(`host${number}`), ipv4: `192.0.2.${number}`, ipv6: `2001:db8::${number}` }
  const wire = `wire${number}`
  ip(`link add ${wire} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${host.name}`)
  ip(`link set ${wire} master underlay up`)
  ip(`-n ${host.name} link set lo up`)
  ip(`-n ${host.name} address add ${host.ipv4}/24 dev eth0`)
  ip(`-n ${host.name} address add ${host.ipv6}/64 dev eth0 nodad`)
  ip(`-n ${host.name} link set eth0 up`)
  hosts.push(host)
  return host
}

/** Calls a plugin on a host. */
export function callOn(host: Netns, request: Call) {
  return call({ ...request, under: ['ip', 'netns', 'exec', host.name, ...(request.under ?? [])] })
}

/** A container on a host, and the result of its ADD. */
export interface Wired {
  container: Netns
  result: Result
}

type Named = Configuration & { name: string }

/** ADD of a new container on a host, in a network with static addresses. @throws with the plugin's answer */
export async function attach(host: Netns, config: Named, ...addresses: string[]): Promise<Wired> {
  const container = newContainer()
  const { status, json } = await callOn(host, attachment('ADD', config, container, addresses))
  if (status !== 0) throw new Error(JSON.stringify(json))
  return { container, result: json as unknown as Result }
}

/** Any verb for a container. */
export function attachment(
  verb: Call['verb'],
  config: Named,
  { name, path }: Netns,
  addresses: readonly string[] = [],
): Call {
  const ipam = addresses.length > 0 ? { ipam: fixed(...addresses) } : {}
  return { verb, config: { cniVersion: '1.1.0', ...config, ...ipam }, containerID: name, netns: path }
}

/** DEL of the container's attachment. */
export function detach(host: Netns, config: Named, container: Netns) {
  return callOn(host, attachment('DEL', config, container))
}

/** The remotes in the default FDB entries of a host's VTEP. */
export function remotesOf(host: Netns, vtep: string): string[] {
  const lines = command('bridge', '-n', host.name, 'fdb', 'show', 'dev', vtep).split('\n')
  return lines.flatMap((line) => /^00:00:00:00:00:00 dst (\S+)/.exec(line)?.[1] ?? []).sort()
}
