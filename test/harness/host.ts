/** A private host for a test: its own network, mount and pid namespaces, deleted after the test. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { underRunner } from './built.ts'
import { command, ip } from './command.ts'
import { Mount, mount } from './libc.ts'
import { addNetns, deleteNetns, pathOf, within } from './netns.ts'
import { mark, runPrivately } from './private.ts'
import { refuse } from './refuse.ts'

/** A directory for a test's files; snapshots ignore it. */
export const scratch = '/run/test'

/**
 * Moves the calling test program onto a private host: it starts itself again there, and this call
 * returns only in that second process. The first one checks that the machine is unchanged at the end.
 */
export async function privateHost(): Promise<void> {
  if (process.env[mark]) return arrange()
  if (process.getuid?.() !== 0) refuse('kernel tests make network namespaces: run them as root')
  if (!process.env[underRunner]) await (await import('./install.ts')).prepare(process.argv.slice(1, 2))
  process.exit(runPrivately([...process.execArgv, ...process.argv.slice(1)]) ?? 1)
}

/** An empty /run, /var/lib and /var/log, a /dev of its own, a /sys of this network namespace, and forwarding off as on a new machine. */
function arrange(): void {
  ownDevices()
  for (const path of ['/run', '/var/lib', '/var/log']) mount('tmpfs', path, 'tmpfs')
  mount('sysfs', '/sys', 'sysfs')
  for (const path of [scratch, '/run/lock', '/var/lib/cni']) mkdirSync(path)
  ip('link set lo up')
  setSysctl('net/ipv4/ip_forward', 0)
  setSysctl('net/ipv6/conf/all/forwarding', 0)
}

/** The device nodes that tests and plugins open. Those of other tests' taps come and go beside them. */
const devices = [
  'null',
  'zero',
  'full',
  'random',
  'urandom',
  'tty',
  'ptmx',
  'net',
  'kvm',
  'fd',
  'stdin',
  'stdout',
  'stderr',
]

/** A /dev of its own: the plugins make device nodes there. It is no devtmpfs, so the kernel makes none. */
function ownDevices(): void {
  const copy = '/run'
  mount('tmpfs', copy, 'tmpfs', 0, 'mode=755')
  command('cp', '-a', ...devices.map((name) => `/dev/${name}`).filter((path) => existsSync(path)), copy)
  for (const directory of ['pts', 'shm']) mkdirSync(`${copy}/${directory}`)
  mount('/dev/pts', `${copy}/pts`, 'none', Mount.BIND | Mount.REC)
  mount(copy, '/dev', 'none', Mount.MOVE)
}

/** Writes a sysctl of the host, or of a namespace. */
export function setSysctl(name: string, value: number | string, netns?: string): void {
  within(netns, () => writeFileSync(`/proc/sys/${name}`, `${value}\n`))
}

/** A network namespace with a name for `ip netns`. */
export interface Netns {
  name: string
  path: string
}

let containers = 0

/** A new network namespace as a runtime makes it for a plugin: only lo, which is down. */
export function newContainer(name = `c${++containers}`): Netns {
  addNetns(name)
  return { name, path: pathOf(name) }
}

export function removeContainer({ name }: Netns): void {
  deleteNetns(name)
}

/** Addresses of the far host, and of the private host on the cable between them. */
export const far = { ipv4: '198.51.100.1', ipv6: '2001:db8:51::1' }
export const near = { ipv4: '198.51.100.10', ipv6: '2001:db8:51::10' }

/** A host at the other end of a cable, with routes to the private host and through it to any container. */
export function farHost(): Netns {
  const netns = newContainer('far')
  ip('link add uplink type veth peer name eth0 netns far')
  // What is forwarded waits for the uplink's link-local address, and duplicate address detection can take long under load.
  setSysctl('net/ipv6/conf/uplink/accept_dad', 0)
  configure('', 'uplink', near, far)
  configure('-n far ', 'eth0', far, near)
  return netns
}

function configure(inside: string, name: string, own: typeof far, other: typeof far): void {
  ip(`${inside}address add ${own.ipv4}/24 dev ${name}`)
  ip(`${inside}address add ${own.ipv6}/64 dev ${name} nodad`)
  ip(`${inside}link set ${name} up`)
  ip(`${inside}link set lo up`)
  ip(`${inside}route add default via ${other.ipv4}`)
  ip(`${inside}-6 route add default via ${other.ipv6}`)
}

/**
 * New links of the host can use their IPv6 addresses at once. A bridge looks for a container by its link-local address, for which duplicate
 * address detection takes a second, and many under load.
 */
export function usableAtOnce(): void {
  setSysctl('net/ipv6/conf/default/accept_dad', 0)
}
