/** Neighbours: the MAC addresses of IP addresses on a link, from ARP and neighbour discovery. */

import * as rt from 'netlink/dist/rt/structs.js'
import { type Address, formatAddress, fromBytes, toBytes } from '../ip/address.ts'
import { formatMac, parseMac } from '../ip/mac.ts'
import { addressFamily } from './address.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWNEIGH, DELNEIGH, GETNEIGH } = rt.MessageType

export interface Neighbour {
  address: Address
  /** Undefined until a neighbour has answered. */
  mac?: string
  /** The kernel keeps it until it is deleted. */
  permanent: boolean
}

/** `ip neighbour replace ADDRESS lladdr MAC dev LINK nud permanent` */
export function newNeighbour(link: LinkName, address: Address, mac: string): Request {
  const lladdr = parseMac(mac)
  return {
    type: NEWNEIGH,
    flags: Flag.CREATE | Flag.REPLACE,
    payload: message(link, address, { state: { permanent: true } }, { lladdr }),
    attempt: `add neighbour ${formatAddress(address)} of ${link.name}`,
    reproduce: `ip neighbour replace ${formatAddress(address)} lladdr ${mac} dev ${link.name} nud permanent`,
  }
}

/** `ip neighbour del ADDRESS dev LINK`; ENOENT when there is no such neighbour. */
export function removeNeighbour(link: LinkName, address: Address): Request {
  return {
    type: DELNEIGH,
    flags: 0,
    payload: message(link, address, {}, {}),
    attempt: `delete neighbour ${formatAddress(address)} of ${link.name}`,
    reproduce: `ip neighbour del ${formatAddress(address)} dev ${link.name}`,
  }
}

/** The neighbours of a link, of one family. Equivalent to `ip neighbour show dev LINK`. */
export function listNeighbours(socket: Socket, link: LinkName, family: 4 | 6): Neighbour[] {
  const attempt = `list the neighbours of ${link.name}`
  const see = `ip -${family} neighbour show dev ${link.name}`
  const payload = rt.formatNeighbor({ family: addressFamily(family) })
  return dump(socket, { type: GETNEIGH, payload, attempt, see })
    .map(({ data }) => rt.parseNeighborMessage(data))
    .filter(({ data, attrs }) => data.ifindex === link.index && attrs.dst)
    .map(({ data, attrs }) => ({
      address: fromBytes(attrs.dst ?? Buffer.alloc(4)),
      mac: attrs.lladdr && formatMac(attrs.lladdr),
      permanent: data.state?.permanent ?? false,
    }))
}

function message(
  { index }: LinkName,
  address: Address,
  own: rt.Neighbor,
  attrs: rt.NeighborAttrs,
): Request['payload'] {
  const data: rt.Neighbor = { family: addressFamily(address.family), ifindex: index, ...own }
  const all = { dst: toBytes(address), ...attrs }
  return (out) => rt.formatNeighborMessage({ kind: 'neighbor', data, attrs: all }, out)
}
