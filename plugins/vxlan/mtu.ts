/** The MTU inside the tunnel: the smallest MTU of all paths to remotes, minus VXLAN's headers. */

import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { findPath } from '../../shared/netlink/path.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import type { VxlanConfig } from './config.ts'
import type { Own } from './own.ts'
import type { Underlay } from './underlay.ts'

/** IP, UDP, VXLAN and the inner Ethernet header (RFC 7348 section 5): 20 or 40, 8, 8 and 14 bytes. */
const overhead = { 4: 50, 6: 70 } as const

/** The MTU of an unknown path. */
const ETHERNET_MTU = 1500

/** RFC 791: the smallest MTU of a link with IPv4. */
const MIN_MTU = 68

/** A path's MTU, its description for messages, and the command that shows it. */
interface PathMtu {
  mtu: number
  words: string
  see?: string
}

/**
 * The MTU of VTEP, bridge and containers.
 * @throws CniError when the configured MTU does not fit, or none is configured and no route leads to a remote
 */
export function tunnelMtu(host: Socket, { mtu }: VxlanConfig, underlay: Underlay, log: Log): number {
  const path = narrowestPath(host, underlay, log)
  if (path) return carried(path, mtu, underlay)
  if (mtu) return mtu
  throw unreachable(underlay)
}

/** STATUS: no route to any remote is a warning only, since one may come. @throws CniError when the configured MTU does not fit */
export function requireMtu(host: Socket, { mtu }: VxlanConfig, underlay: Underlay, log: Log): void {
  const path = narrowestPath(host, underlay, log)
  if (path) carried(path, mtu, underlay)
}

/** The configured MTU, if the path carries it; by default all that the path carries. */
function carried(path: PathMtu, mtu: number, { family }: Underlay): number {
  const capacity = path.mtu - overhead[family]
  const figures = `${path.words} carries ${path.mtu}, less ${overhead[family]} for VXLAN over IPv${family} leaves ${capacity}`
  if (capacity < MIN_MTU)
    throw tooLarge(`mtu: no frame fits: ${figures}`, 'raise the MTU of the underlay', path.see)
  if (mtu > capacity)
    throw tooLarge(
      `mtu: ${mtu} does not fit: ${figures}`,
      `take at most ${capacity}, or take mtu out, or raise the MTU of the underlay to ${mtu + overhead[family]}`,
      path.see,
    )
  return mtu || capacity
}

/** The MTU of a container on an existing VTEP, whose MTU is not changed, because other containers rely on it. */
export function fittingMtu(
  { name, mtu: present }: Link,
  mtu: number,
  { config, log }: Request<VxlanConfig>,
): number {
  if (mtu <= present) return mtu
  const reason = `the ${present} of VTEP ${name}, which other containers rely on`
  if (config.mtu)
    throw tooLarge(
      `mtu: ${mtu} is more than ${reason}`,
      `take at most ${present}, or end its containers first`,
      seeLink(name),
    )
  log.info(`the paths carry an MTU of ${mtu}, but it stays at ${reason}`)
  return present
}

function tooLarge(msg: string, hint: string, see?: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint, see })
}

/** Undefined if there are remotes, and no route to any of them. */
function narrowestPath(host: Socket, underlay: Underlay, log: Log): PathMtu | undefined {
  const { dev, remotes = [], own } = underlay
  if (own) return pathOf(own)
  if (remotes.length === 0)
    return dev ? { mtu: dev.mtu, words: dev.name, see: seeLink(dev.name) } : unknownPath
  const found = remotes.map((remote) => [remote, pathTo(host, remote, underlay)] as const)
  warnOfUnreached(
    found.flatMap(([remote, path]) => (path ? [] : [remote])),
    log,
  )
  const paths = found.flatMap(([, path]) => path ?? [])
  return paths.sort((one, other) => one.mtu - other.mtu)[0]
}

/** One line for all: a host that is cut off has no route to any of a long list. */
function warnOfUnreached(remotes: readonly Address[], log: Log): void {
  if (remotes.length === 0) return
  log.warn(
    `no route leads to remote ${remotes.map(formatAddress).join(', ')}: the MTU of the path is not known`,
  )
}

/** The paths to the peers are not known: all begin at this link. */
function pathOf({ link, mtu }: Own): PathMtu {
  return { mtu, words: link.name, see: seeLink(link.name) }
}

const unknownPath: PathMtu = {
  mtu: ETHERNET_MTU,
  words: 'Ethernet, assumed because neither remotes nor dev are set,',
}

function pathTo(host: Socket, remote: Address, { dev, local }: Underlay): PathMtu | undefined {
  const path = findPath(host, remote, { link: dev, from: local })
  const link = path && findLink(host, path.link)
  if (!link) return undefined
  const mtu = Math.min(link.mtu, path.mtu ?? link.mtu)
  const to = formatAddress(remote)
  return { mtu, words: `the path to ${to} by ${link.name}`, see: `ip route get ${to}; ${seeLink(link.name)}` }
}

function unreachable({ remotes = [] }: Underlay): CniError {
  const first = remotes[0] ? formatAddress(remotes[0]) : ''
  return new CniError(Code.TryAgainLater, {
    msg: `no route leads to any remote (${remotes.map(formatAddress).join(', ')}), so the MTU is not known: set mtu`,
    hint: 'bring the underlay up, or set mtu',
    see: `ip route get ${first}`,
    errno: 'ENETUNREACH',
  })
}
