/** The demo's two hosts, joined by a wire. They vanish with the process. */

import { run } from '../run.ts'

/** Addresses on the wire. Each host has its default route by the other. */
export const near = { ipv4: '198.51.100.10', ipv6: '2001:db8:51::10' }
const far = { ipv4: '198.51.100.1', ipv6: '2001:db8:51::1' }

/** A host: what is put in front of a command to run it there, and in front of the words of `ip`. */
export interface Host {
  enter: readonly string[]
  inside: readonly string[]
}

export const nearHost: Host = { enter: [], inside: [] }

const state = { near: '/run/patchbay', far: '/run/far' }

/** Its state below /run is its own; addresses are kept together, so that the hosts do not give out the same ones. */
export const farHost: Host = {
  enter: ['ip', 'netns', 'exec', 'far', 'sh', '-c', `mount --bind ${state.far} ${state.near} && exec "$0"`],
  inside: ['-n', 'far'],
}

/** Empty state, a /sys that shows this network, and three NICs on either host, two of them for whoever takes them alone. */
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

/** Gives a host more addresses on the wire, unless it has them. */
export async function addAddresses(host: Host, addresses: readonly string[]): Promise<void> {
  for (const address of addresses)
    await ip(host, `address replace ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`)
}

/** Runs `ip` with words as they would be typed. */
export async function ip({ inside }: Host, words: string): Promise<void> {
  await run('ip', [...inside, ...words.split(' ')])
}

/** A container's network namespace, as a runtime makes one. @returns what runs a command in it */
export async function makeContainer(name: string): Promise<Host> {
  await ip(nearHost, `netns add ${name}`)
  return { enter: ['ip', 'netns', 'exec', name], inside: ['-n', name] }
}

export async function removeContainer(name: string): Promise<void> {
  await ip(nearHost, `netns delete ${name}`)
}
