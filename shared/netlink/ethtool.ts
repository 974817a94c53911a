/** The features (offloads) of a device: the kernel's ethtool over generic netlink (Linux 5.8). */

import { putU32, type StreamData } from 'netlink/dist/structs.js'
import { wordsOf } from './command.ts'
import { bodyOf, familyID, genericRequest, text, valuesAt } from './generic.ts'
import type { LinkName } from './link.ts'
import { nested, plain } from './nested.ts'
import { ask, type Request, type Socket } from './socket.ts'

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

/** Features by the kernel's names (netdev_features_strings, net/ethtool/common.c), on or off. */
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
  const change = wordsOf(features)
  ask(socket, {
    ...request(socket, ETHTOOL_MSG_FEATURES_SET, link, wanted),
    attempt: `switch ${change} on ${link.name}`,
    reproduce: `ethtool -K ${link.name} ${change}`,
  })
}

/** The features that are on. Equivalent to `ethtool -k LINK`. @param socket as above */
export function listFeatures(socket: Socket, link: LinkName): Set<string> {
  const [reply] = ask(socket, {
    ...request(socket, ETHTOOL_MSG_FEATURES_GET, link, []),
    attempt: `look up the features of ${link.name}`,
    see: `ethtool -k ${link.name}`,
  })
  const names = new Set<string>()
  const path = [ETHTOOL_A_BITSET_BITS, ETHTOOL_A_BITSET_BITS_BIT, ETHTOOL_A_BITSET_BIT_NAME]
  for (const bit of valuesAt(bodyOf(reply?.data), ETHTOOL_A_FEATURES_ACTIVE, ...path)) {
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
  const header = nested(ETHTOOL_A_FEATURES_HEADER, device)
  return genericRequest(familyID(socket, 'ethtool'), command, header, body)
}
