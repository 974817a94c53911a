/** The demo's two hosts, connected by veth pairs. They end with the process. */

import { run } from '../run.ts'

/** The hosts' addresses on eth0. Each is the other's default gateway. */
export const near = { ipv4: '198.51.100.10', ipv6: '2001:db8:51::10' }
const far = { ipv4: '198.51.100.1', ipv6: '2001:db8:51::1' }

/** A host or container. */
export interface Host {
  /** The words before a command that runs there. */
  enter: readonly string[]
  /** The first arguments of `ip`. */
  inside: readonly string[]
}

export const nearHost: Host = { enter: [], inside: [] }

const state = { near: '/run/patchbay', far: '/run/far' }

/** It has its own state below /run, but shares the reservations of addresses, so that each address is given once. */
export const farHost: Host = {
  enter: ['ip', 'netns', 'exec', 'far', 'sh', '-c', `mount --bind ${state.far} ${state.near} && exec "$0"`],
  inside: ['-n', 'far'],
}

/** Makes both hosts: empty state, a /sys of this namespace, and three NICs each. eth1 and eth2 are for exclusive use. */
export async function makeHosts(): Promise<void> {
  for (const path of ['/run', '/var/lib']) await run('mount', ['-t', 'tmpfs', 'tmpfs', path])
  await run('mount', ['-t', 'sysfs', 'sysfs', '/sys'])
  for (const path of Object.values(state)) await run('mkdir', [path])
  await ip(nearHost, 'netns add far')
  for (const name of ['eth0', 'eth1', 'eth2']) await joinBy(name)
  await configure(nearHost, near, far)
  await configure(farHost, far, near)
}

async function joinBy(name: string): Promise<void> {
  await ip(nearHost, `link add ${name} type veth peer name ${name} netns far`)
  for (const host of [nearHost, farHost]) await ip(host, `link set ${name} up`)
}

async function configure(host: Host, own: typeof near, other: typeof near): Promise<void> {
  await ip(host, `address add ${own.ipv4}/24 dev eth0`)
  await ip(host, `address add ${own.ipv6}/64 dev eth0 nodad`)
  await ip(host, 'link set lo up')
  await ip(host, `route add default via ${other.ipv4}`)
  await ip(host, `-6 route add default via ${other.ipv6}`)
}

/** Adds addresses to a host's eth0, unless it has them. */
export async function addAddresses(host: Host, addresses: readonly string[]): Promise<void> {
  for (const address of addresses)
    await ip(host, `address replace ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`)
}

/** Runs `ip` on a host. @param words the command line, separated by spaces */
export async function ip({ inside }: Host, words: string): Promise<void> {
  await run('ip', [...inside, ...words.split(' ')])
}

/** Makes a container's network namespace, as a runtime does. */
export async function makeContainer(name: string): Promise<Host> {
  await ip(nearHost, `netns add ${name}`)
  return { enter: ['ip', 'netns', 'exec', name], inside: ['-n', name] }
}

export async function removeContainer(name: string): Promise<void> {
  await ip(nearHost, `netns delete ${name}`)
}
