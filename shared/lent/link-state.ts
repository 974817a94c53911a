/** The state of a link before it was lent, to a container or to a bond, and its restoration. Both run in the link's namespace. */

import { boolean, integer, list, type Output, object, optional, string } from '../config/schema.ts'
import { printError } from '../error/log.ts'
import { now } from '../kernel/clock.ts'
import { isErrno, tolerate } from '../kernel/errno.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, type Link, type LinkName } from '../netlink/link.ts'
import { restoreAddress, saveAddresses } from '../netlink/saved-address.ts'
import { hasGateway, restoreRoute, saveRoutes } from '../netlink/saved-route.ts'
import { ask, type Request, type Socket } from '../netlink/socket.ts'
import { noSettings, readSettings, settings, settingsToRestore } from './settings.ts'

const number = integer({ min: 0, max: 0xffffffff })

/** All that is restored, as JSON. */
export const linkState = {
  name: string,
  index: number,
  mac: string,
  mtu: number,
  txqlen: optional(number),
  up: boolean,
  flags: number,
  group: number,
  alias: string,
  /** The kernel's messages, in hexadecimal. */
  addresses: list(string),
  routes: list(string),
  settings,
  /** When this was read, in seconds of the monotonic clock: the lifetimes of addresses go on. */
  readAt: number,
}

const state = object(linkState)
export type LinkState = Output<typeof state>

/** The state to restore if the record is lost: the name on the host, down, without alias and addresses. */
export function bareState({ index, mac, mtu, flags, group }: Link, name: string): LinkState {
  const nothing = { up: false, alias: '', addresses: [], routes: [], settings: noSettings, readAt: 0 }
  return { name, index, mac, mtu, flags, group, ...nothing }
}

/** Reads the state of a link. */
export function stateOf(socket: Socket, link: Link): LinkState {
  const { name, index, mac, mtu, txqlen, up, flags, group, alias = '' } = link
  return {
    ...{ name, index, mac, mtu, txqlen, up, flags, group, alias },
    addresses: saveAddresses(socket, link).map(toHex),
    routes: saveRoutes(socket, link).map(toHex),
    settings: readSettings(socket, link),
    readAt: Math.floor(now() / 1000),
  }
}

const toHex = (message: Buffer) => message.toString('hex')
const fromHex = (text: string) => Buffer.from(text, 'hex')

/** Restores a link's state but for its routes: the name first, because older kernels rename only links that are down. @throws KernelError */
export function restoreState(socket: Socket, link: Link, state: LinkState): void {
  const { addresses, up, name, mtu, txqlen, flags, group, alias, readAt } = state
  // Some drivers refuse to set a MAC address, even the present one.
  const mac = state.mac === link.mac ? undefined : state.mac
  ask(socket, changeLink(link, { up: false }))
  if (link.name !== name) ask(socket, changeLink(link, { name }))
  const restored = { index: link.index, name }
  ask(socket, changeLink(restored, { mac, mtu, txqlen, flags, group, alias }))
  for (const restore of settingsToRestore(socket, restored, state.settings)) tried(restore)
  ask(socket, changeLink(restored, { up }))
  const age = Math.floor(now() / 1000) - readAt
  addAll(
    socket,
    addresses.flatMap((text) => restoreAddress(restored, fromHex(text), age) ?? []),
  )
}

/** Restores the routes by way of a link, once all other links are restored: those of next hops first. */
export function restoreRoutes(socket: Socket, link: LinkName, { routes, index }: LinkState): void {
  const [direct, others] = [false, true].map((which) =>
    routes.map(fromHex).filter((saved) => hasGateway(saved) === which),
  )
  const all = [...(direct ?? []), ...(others ?? [])].flatMap((saved) => restoreRoute(link, saved, index))
  const end = now() + REACHABLE_MILLISECONDS
  for (const request of all) tried(() => addOnceReachable(socket, request, end))
}

/** The kernel adds the route of an IPv6 address when the link has its carrier, a moment after it is up. */
const REACHABLE_MILLISECONDS = 2000

function addOnceReachable(socket: Socket, request: Request, end: number): void {
  const add = () => tolerate(() => ask(socket, request), 'EEXIST')
  const isAdded = () => {
    try {
      add()
      return true
    } catch (error) {
      if (isErrno(error, 'EHOSTUNREACH', 'ENETUNREACH')) return undefined
      throw error
    }
  }
  if (!waitFor(Group.LINK | Group.IPV6_ROUTE, Math.max(0, end - now()), isAdded)) add()
}

function addAll(socket: Socket, requests: Request[]): void {
  for (const request of requests) tried(() => tolerate(() => ask(socket, request), 'EEXIST'))
}

/** Refusals that do not end: the host has changed meanwhile, for example a gateway is out of reach. Others are tried again by the next DEL. */
const final = [
  'EINVAL',
  'EACCES',
  'EPERM',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENODEV',
  'EOPNOTSUPP',
  'ENOENT',
] as const

function tried(action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!isErrno(error, ...final)) throw error
    printError(`patchbay: warning: not as it was before it was lent: ${error.message}`)
  }
}
