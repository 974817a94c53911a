/** The underlay: the network between the hosts, by which VTEPs reach each other. */

import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { type Address, formatAddress, parseAddress, sameAddress } from '../../shared/ip/address.ts'
import { mastered } from '../../shared/link/parent.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { findPath } from '../../shared/netlink/path.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import type { VxlanConfig } from './config.ts'
import { findOwn, type Own } from './own.ts'

export interface Underlay {
  family: 4 | 6
  local?: Address
  dev?: Link
  group?: Address
  /** The other VTEPs; undefined if the configuration leaves them to a daemon. */
  remotes?: Address[]
  /** With `peers`: where this host receives. Undefined when that is not known now. */
  own?: Own
}

/** @throws CniError when the host lacks `dev` or `local`, or the only remote is the host itself */
export function findUnderlay(host: Socket, config: VxlanConfig, log: Log): Underlay {
  const local = config.local ? addressOf(config.local) : undefined
  const group = config.group ? addressOf(config.group) : undefined
  const isOwn = ownAddresses(host)
  if (local && !isOwn(local)) throw notOurs(local)
  const dev = config.dev ? findDev(host, config.dev, log) : undefined
  const listed = (config.remote ? [config.remote] : config.remotes)?.map(addressOf)
  const own = config.peers ? findOwn(host, config, { local, dev, isOwn }) : undefined
  const family = (local ?? group ?? listed?.[0] ?? own?.address)?.family ?? 4
  return { family, local, dev, group, remotes: listed && othersOf(isOwn, listed, config), own }
}

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address) return address
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `${text} is no IP address`,
    hint: 'write it like 192.0.2.1 or 2001:db8::1',
  })
}

/** Tells which addresses are the host's own. */
function ownAddresses(host: Socket): (address: Address) => boolean {
  let tentative: Address[] | undefined
  const isTentative = (address: Address) => {
    tentative ??= tentativeAddresses(host)
    return tentative.some((own) => sameAddress(own, address))
  }
  return (address) => findPath(host, address)?.isLocal || (address.family === 6 && isTentative(address))
}

/** While the kernel looks for a duplicate (RFC 4862 5.4), there is no route to the host's own address: for seconds after a boot. */
function tentativeAddresses(host: Socket): Address[] {
  return listAllAddresses(host).flatMap(({ tentative, address }) => (tentative ? [address] : []))
}

/** The listed addresses that are not the host's own, each once. */
function othersOf(
  isOwn: (address: Address) => boolean,
  listed: Address[],
  { remote }: VxlanConfig,
): Address[] {
  const byText = new Map(listed.map((address) => [formatAddress(address), address]))
  const others = [...byText.values()].filter((address) => !isOwn(address))
  if (remote === undefined || others.length > 0) return others
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `remote: ${remote} is an address of this host itself`,
    hint: 'name the other host, or use "remotes": all hosts can have the same list',
    see: `ip route get ${remote}`,
  })
}

/** The link that packets are sent by. For a member of a bond, team or net_failover set it is the master. */
function findDev(host: Socket, name: string, log: Log): Link {
  const named = findLink(host, name)
  if (!named) {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `dev: the host has no interface ${JSON.stringify(name)}: name another`,
      hint: 'name an existing interface, or take dev out to let the routes choose',
      see: 'ip link show',
      errno: 'ENODEV',
    })
  }
  const dev = mastered(host, named)
  if (dev.index !== named.index) log.info(`dev ${named.name} belongs to ${dev.name}: sent by ${dev.name}`)
  return dev
}

/** For STATUS: `dev`, if it is down. It has no routes then and no IPv6 addresses, so no more can be said of the underlay. */
export function downDev(host: Socket, { dev }: VxlanConfig): Link | undefined {
  const named = dev ? findLink(host, dev) : undefined
  const link = named && mastered(host, named)
  return link?.up ? undefined : link
}

function notOurs(local: Address): CniError {
  const text = formatAddress(local)
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `local: the host has no address ${text}, so no answer would reach it: name another`,
    hint: 'name an address of the host, or take local out to let the routes choose',
    see: `ip address show to ${text}`,
  })
}
