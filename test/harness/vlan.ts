/** VLANs on the NIC of lan.ts, made by the plugin or with iproute2. */

import { rmSync } from 'node:fs'
import { attach } from './attach.ts'
import * as cnitool from './cnitool.ts'
import { ip, ipJson } from './command.ts'
import type { Netns } from './host.ts'
import { exists, inContainer, type Link } from './look.ts'
import { fixed } from './networks.ts'

/** A VLAN device made with iproute2, with an address. @param kind options of iproute2: `protocol 802.1ad id 100` */
export function tagged(netns: Netns, parent: string, name: string, kind: string, address?: string): void {
  inContainer(netns, `link add link ${parent} name ${name} type vlan ${kind}`)
  if (address) inContainer(netns, `address add ${address}/24 dev ${name}`)
  inContainer(netns, `link set ${name} up`)
}

let networks = 0

/** A VLAN network on eth0, with an address for its one container, or without addresses. */
export function vlanNetwork(keys: Record<string, unknown>, address?: string, version?: string) {
  const ipam = address ? { ipam: fixed(`${address}/24`) } : {}
  return cnitool.network(`vlan${++networks}`, { type: 'vlan', master: 'eth0', ...ipam, ...keys }, version)
}

/** Attaches a new container to a new network. */
export function attachVlan(keys: Record<string, unknown>, address?: string, extras: cnitool.Extras = {}) {
  return attach(vlanNetwork(keys, address), extras)
}

/**
 * Removes what a test left, so that the next one can use the same VLANs. The kernel would remove interfaces with
 * their namespace too, but later.
 */
export function tidy(): void {
  for (const { name } of ipJson<{ name: string }>('netns list')) {
    if (name === 'far') continue
    if (exists('eth0', { name, path: '' })) ip(`-n ${name} link delete eth0`)
    ip(`netns delete ${name}`)
  }
  for (const inside of ['', '-n far '])
    for (const { ifname } of ipJson<Link>(`${inside}link show type vlan`).reverse())
      ip(`${inside}link delete ${ifname}`)
  for (const kind of ['claims', 'links']) rmSync(`/run/patchbay/${kind}`, { recursive: true, force: true })
}
