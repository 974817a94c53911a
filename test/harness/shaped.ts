/** An interface for bandwidth, as an earlier plugin of a list has made it: a veth whose other end is on the host. */

import { ip } from './command.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { exists, inContainer, link } from './look.ts'
import type { Configuration, Result } from './plugin.ts'

/** The host's end of a container's veth. */
export const hostEndOf = ({ name }: Netns, ifname = 'eth0') => `${ifname}-${name}`

/** Makes the veth, up. */
export function addVeth(container: Netns, ifname = 'eth0'): void {
  ip(`link add ${hostEndOf(container, ifname)} up type veth peer name ${ifname} netns ${container.name}`)
  inContainer(container, `link set ${ifname} up`)
}

/** Deletes a container and its veths. The kernel deletes those of a namespace a moment later, which the next test would see. */
export function removeShaped(container: Netns): void {
  for (const ifname of ['eth0', 'net1'])
    if (exists(hostEndOf(container, ifname))) ip(`link delete ${hostEndOf(container, ifname)}`)
  removeContainer(container)
}

/** What the earlier plugin has answered. */
export function resultOf(container: Netns, ifname = 'eth0'): Result {
  const { address, mtu } = link(ifname, container)
  return {
    cniVersion: '1.1.0',
    interfaces: [
      { name: hostEndOf(container, ifname), mac: link(hostEndOf(container, ifname)).address },
      { name: ifname, mac: address, mtu, sandbox: container.path },
    ],
    ips: [{ address: '10.9.0.2/24', interface: 1 }],
  }
}

/** A new container with a veth, and the calls of bandwidth on it. */
export function shapedContainer(keys: Record<string, unknown>, ifname = 'eth0') {
  const container = newContainer()
  addVeth(container, ifname)
  return { container, request: requestFor(container, keys, ifname) }
}

/** The calls of bandwidth on an interface of a container. */
export function requestFor(container: Netns, keys: Record<string, unknown>, ifname = 'eth0') {
  const prevResult = resultOf(container, ifname)
  const config: Configuration = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', prevResult, ...keys }
  return { config, containerID: container.name, netns: container.path, ifname }
}
