/** An interface for bandwidth, as an earlier plugin of a list has made it: a veth whose other end is on the host. */

import { createHash } from 'node:crypto'
import * as assert from 'uvu/assert'
import { added, done } from './attach.ts'
import { ip } from './command.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { exists, inContainer, link } from './look.ts'
import { type Call, type Configuration, call, type Result } from './plugin.ts'
import { qdiscs, rootQdisc } from './tc.ts'

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

export type Shaped = ReturnType<typeof shapedContainer>

/** A call of bandwidth. */
export const verb = (
  name: 'ADD' | 'CHECK' | 'DEL',
  { request }: Pick<Shaped, 'request'>,
  more: Partial<Call> = {},
) => call({ ...request, verb: name, ...more })

/** A new container with limits. */
export async function shaped(keys: Record<string, unknown>): Promise<Shaped> {
  const made = shapedContainer(keys)
  await added(made.request)
  return made
}

/** CHECK, DEL, and DEL again succeed, and leave no qdisc. */
export async function ended(made: Shaped): Promise<void> {
  for (const name of ['CHECK', 'DEL', 'DEL'] as const) assert.equal(await verb(name, made), done)
  assert.equal(qdiscs(hostEndOf(made.container)), [])
  assert.equal(qdiscs('eth0', made.container), [])
  removeShaped(made.container)
}

/** The reference's name of a container's IFB. */
export function referenceName(network: string, containerID: string): string {
  const digits = createHash('sha512').update(network + containerID)
  return `bwp${digits.digest('hex')}`.slice(0, 15)
}

/** The options of a link's root qdisc. */
export const optionsOf = (name: string, netns?: Netns) => rootQdisc(name, netns)?.options
