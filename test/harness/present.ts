/** Which links and addresses there are in the current network namespace, without a program. */

import { parseAttributes } from 'netlink/dist/structs.js'
import { closeSocket, openSocket, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import { text } from './attributes.ts'
import { cidrOf, linkRequest, messages } from './rtnetlink.ts'

/** include/uapi/linux/rtnetlink.h and if_link.h. */
const [RTM_GETLINK, RTM_GETADDR] = [18, 22]
const [IFLA_IFNAME, IFLA_PROP_LIST, IFLA_ALT_IFNAME] = [3, 52, 53]
const SCOPE_GLOBAL = 0

/** Whether a link has this name, or this alternative name. */
export function isPresent(name: string): boolean {
  return withSocket((socket) => indexOf(socket, name) !== undefined)
}

/** The global addresses of a link as CIDRs, in the kernel's order. @throws when there is no such link */
export function globalAddresses(name: string): string[] {
  return withSocket((socket) => {
    const index = indexOf(socket, name)
    if (index === undefined) throw new Error(`no link ${name}`)
    // struct ifaddrmsg
    return messages(socket, RTM_GETADDR, Buffer.alloc(8))
      .filter((message) => message.readUInt32LE(4) === index && message[3] === SCOPE_GLOBAL)
      .map(cidrOf)
  })
}

function withSocket<T>(action: (socket: Socket) => T): T {
  const socket = openSocket(Protocol.ROUTE)
  try {
    return action(socket)
  } finally {
    closeSocket(socket)
  }
}

/** From struct ifinfomsg. */
function indexOf(socket: Socket, name: string): number | undefined {
  const found = messages(socket, RTM_GETLINK, linkRequest).find((message) =>
    namesIn(message.subarray(16)).includes(name),
  )
  return found?.readInt32LE(4)
}

function namesIn(attributes: Buffer): string[] {
  const names: string[] = []
  parseAttributes(attributes, ({ type, data }) => {
    if (type === IFLA_IFNAME || type === IFLA_ALT_IFNAME) names.push(String(text(data)))
    if (type === IFLA_PROP_LIST) names.push(...namesIn(data))
  })
  return names
}
