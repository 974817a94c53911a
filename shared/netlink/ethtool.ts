/** What a device does for the protocols above it (offloads), as switches: the kernel's ethtool over generic netlink (Linux 5.8). */

import { parseAttributes, putU32, type StreamData } from 'netlink/dist/structs.js'
import type { LinkName } from './link.ts'
import { nested, plain } from './nested.ts'
import { ask, type Request, type Socket } from './socket.ts'

/** include/uapi/linux/genetlink.h: the family that knows the others. */
const GENL_ID_CTRL = 16
const CTRL_CMD_GETFAMILY = 3
const CTRL_ATTR_FAMILY_ID = 1
const CTRL_ATTR_FAMILY_NAME = 2

/** include/uapi/linux/ethtool_netlink.h. */
const ETHTOOL_MSG_FEATURES_GET = 11
const ETHTOOL_MSG_FEATURES_SET = 12
const ETHTOOL_A_FEATURES_HEADER = 1
const ETHTOOL_A_FEATURES_WANTED = 3
const ETHTOOL_A_FEATURES_ACTIVE = 4
const ETHTOOL_A_HEADER_DEV_INDEX = 1
const ETHTOOL_A_BITSET_BITS = 3
const ETHTOOL_A_BITSET_BITS_BIT = 1
const ETHTOOL_A_BITSET_BIT_NAME = 2
const ETHTOOL_A_BITSET_BIT_VALUE = 3

/** Features by the kernel's names for them (netdev_features_strings, net/ethtool/common.c), on or off. */
export type Features = Record<string, boolean>

/**
 * `ethtool -K LINK FEATURE off …`
 * @param socket of the protocol GENERIC, in the link's namespace
 * @throws KernelError ENOENT when the kernel has no ethtool over netlink
 */
export function changeFeatures(socket: Socket, link: LinkName, features: Features): void {
  const entries = Object.entries(features)
  const bits = entries.flatMap(([name, on]) =>
    nested(
      ETHTOOL_A_BITSET_BITS_BIT,
      plain(ETHTOOL_A_BITSET_BIT_NAME, text(name)),
      on ? plain(ETHTOOL_A_BITSET_BIT_VALUE, Buffer.alloc(0)) : [],
    ),
  )
  const wanted = nested(ETHTOOL_A_FEATURES_WANTED, nested(ETHTOOL_A_BITSET_BITS, bits))
  const change = entries.map(([name, on]) => `${name} ${on ? 'on' : 'off'}`).join(' ')
  ask(socket, {
    ...request(socket, ETHTOOL_MSG_FEATURES_SET, link, wanted),
    attempt: `switch ${change} on ${link.name}`,
    command: `ethtool -K ${link.name} ${change}`,
  })
}

/** The features that are on. Equivalent to `ethtool -k LINK`. @param socket as above */
export function listFeatures(socket: Socket, link: LinkName): Set<string> {
  const [reply] = ask(socket, {
    ...request(socket, ETHTOOL_MSG_FEATURES_GET, link, []),
    attempt: `look up the features of ${link.name}`,
    command: `ethtool -k ${link.name}`,
  })
  const names = new Set<string>()
  const path = [ETHTOOL_A_FEATURES_ACTIVE, ETHTOOL_A_BITSET_BITS, ETHTOOL_A_BITSET_BITS_BIT]
  const body = reply?.data.subarray(4) ?? Buffer.alloc(0)
  for (const bit of inside(body, [...path, ETHTOOL_A_BITSET_BIT_NAME])) {
    names.add(bit.toString('utf8', 0, bit.length - 1))
  }
  return names
}

function request(
  socket: Socket,
  command: number,
  { index }: LinkName,
  body: StreamData,
): Pick<Request, 'type' | 'flags' | 'payload'> {
  const device = plain(ETHTOOL_A_HEADER_DEV_INDEX, putU32(index))
  return {
    type: familyID(socket),
    flags: 0,
    payload: (out) => {
      out.emit(genericHeader(command))
      out.emit(nested(ETHTOOL_A_FEATURES_HEADER, device))
      out.emit(body)
    },
  }
}

/** The number that this kernel has given to ethtool's family. */
function familyID(socket: Socket): number {
  const [reply] = ask(socket, {
    type: GENL_ID_CTRL,
    flags: 0,
    payload: [genericHeader(CTRL_CMD_GETFAMILY), ...plain(CTRL_ATTR_FAMILY_NAME, text('ethtool'))],
    attempt: 'look up ethtool over netlink',
    command: 'genl ctrl get name ethtool',
  })
  const [id] = inside(reply?.data.subarray(4) ?? Buffer.alloc(0), [CTRL_ATTR_FAMILY_ID])
  return id?.readUInt16LE(0) ?? 0
}

/** struct genlmsghdr: command, version, reserved. */
function genericHeader(command: number): Buffer {
  return Buffer.from([command, 1, 0, 0])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

/** The attributes at a path of types, every one where there are several. */
function inside(data: Buffer, [type, ...rest]: number[]): Buffer[] {
  const found: Buffer[] = []
  parseAttributes(data, (attribute) => {
    if (attribute.type === type)
      found.push(...(rest.length === 0 ? [attribute.data] : inside(attribute.data, rest)))
  })
  return found
}
