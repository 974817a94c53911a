/** Requests to attach containers as bridge leaves them to the plugin firewall alone, and what is left of them. */

import { rmSync } from 'node:fs'
import { command, ip } from '../harness/command.ts'
import { newContainer } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { type Call, call, type Engine, type Result } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'

export type Keys = Record<string, unknown>

/** The bridge of all containers. */
export function makeBridge(): void {
  ip('link add br0 type bridge')
  ip('link set br0 up')
}

/** Rules and records that a failed test has left. */
export function clean(): void {
  rmSync('/run/patchbay/firewall', { recursive: true, force: true })
  command('nft', 'flush ruleset')
  for (const program of ['iptables-legacy', 'ip6tables-legacy'])
    command(
      'sh',
      '-c',
      `${program} -P FORWARD ACCEPT; ${program} -P INPUT ACCEPT; ${program} -F; ${program} -X`,
    )
}

export const section = { type: 'firewall', name: 'net', cniVersion: '1.1.0' }

/** A container as bridge leaves it, and a request to attach it. */
export function prepared(keys: Keys = {}, ips = ['10.60.0.2/24', 'fd60::2/64'], engine?: Engine) {
  const container = newContainer()
  const port = `port-${container.name}`
  inContainer(container, `link add eth0 type veth peer name ${port} netns 1`)
  ip(`link set ${port} master br0 up`)
  inContainer(container, 'link set eth0 up')
  const prevResult: Result = {
    cniVersion: '1.1.0',
    interfaces: [
      { name: 'br0', mac: link('br0').address },
      { name: port, mac: link(port).address },
      { name: 'eth0', mac: link('eth0', container).address, sandbox: container.path },
    ],
    ips: ips.map((address) => ({ address, interface: 2 })),
  }
  const config = { ...section, ...keys, prevResult }
  return { container, port, request: { config, netns: container.path, containerID: container.name, engine } }
}

export const del = (request: Omit<Call, 'verb'>) => call({ verb: 'DEL', ...request })

/** The rules of iptables of both families, by the system's default kind. */
export const rules = () => command('sh', '-c', 'iptables-save -t filter; ip6tables-save -t filter')
export const drop = (kind = 'nft') =>
  command('sh', '-c', `iptables-${kind} -P FORWARD DROP; ip6tables-${kind} -P FORWARD DROP`)

export const kinds: Record<string, Keys> = {
  'isolated by nftables': { ingressPolicy: 'isolated', acceptInto: { table: 'inet foreign', chain: 'fw' } },
  'isolated by iptables': { ingressPolicy: 'isolated', backend: 'iptables', hostIngress: 'allow' },
}

/** A table of another program, which some of these kinds open. */
export function foreignChain(): void {
  command('nft', 'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }')
}

/** Our records. */
export function ours(): string[] {
  return snapshot(['/run/patchbay']).filter((line) => /^(file|link) \/run\/patchbay\/firewall/.test(line))
}
