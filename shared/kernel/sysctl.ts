/** Kernel parameters below /proc/sys/net, of the current network namespace. */

import { readValueIfAny, writeInPlace } from './files.ts'

/**
 * The file of a parameter. Components are separate arguments, because an interface name may contain a dot.
 * @example path('ipv4', 'conf', 'eth0.2', 'arp_notify')
 */
function path(components: string[]): string {
  return `/proc/sys/net/${components.join('/')}`
}

/** The value of a parameter, or undefined when the kernel does not have it. */
export function readSysctl(...components: string[]): string | undefined {
  return readValueIfAny(path(components))
}

/** Sets a parameter, unless it already has the value; false when the kernel does not have it. Equivalent to `sysctl -w`. */
export function writeSysctl(value: string, ...components: string[]): boolean {
  const before = readSysctl(...components)
  if (before === undefined) return false
  if (before !== value) writeInPlace(path(components), value)
  return true
}
