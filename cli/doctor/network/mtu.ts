/** MTUs that do not fit: frames that one end sends and the next link drops without a word. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { isObject } from '../../../shared/config/json.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { attributeIn } from '../../../shared/netlink/attributes.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { Ifla, linkMessage } from '../../../shared/netlink/link-message.ts'
import { ask, type Request } from '../../../shared/netlink/socket.ts'
import { word } from '../../form/shell.ts'
import { shortID } from '../../host/words.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { bridgesOf } from './own-links.ts'
import { linksByName } from './tables.ts'
import { type Raw, type Wired, wiredOf } from './wired.ts'

/** IFLA_TARGET_NETNSID (include/uapi/linux/if_link.h): the namespace that is asked about, by its number. */
const TARGET_NETNSID = 46

/** `ip -n NS link show` of a link's peer, without entering its namespace: since Linux 4.20. */
function askPeer({ name, parent, parentNamespace }: Link): Request {
  return {
    type: rt.MessageType.GETLINK,
    flags: 0,
    single: true,
    payload: linkMessage({ index: parent }, [
      [TARGET_NETNSID, putU32((parentNamespace ?? 0) >>> 0)],
      [Ifla.EXT_MASK, putU32(8)],
    ]),
    attempt: `look up the peer of ${name}`,
    see: `ip -d link show dev ${word(name)}`,
  }
}

/** struct ifinfomsg before the attributes. */
const HEADER_LENGTH = 16

/** The MTU of the other end of a pair; undefined when it is gone meanwhile. @throws KernelError EPERM without rights in its namespace */
function mtuOfPeer(end: Link): number | undefined {
  if (end.parent === undefined || end.parentNamespace === undefined) return undefined
  try {
    const [reply] = ask(hostSocket(), askPeer(end))
    return reply && attributeIn(reply.data, Ifla.MTU, HEADER_LENGTH)?.readUInt32LE(0)
  } catch (error) {
    if (isErrno(error, 'ENODEV', 'EINVAL', 'ENOENT')) return undefined
    throw error
  }
}

export const mtuMismatch: Fault = {
  id: 'mtu-mismatch',
  title: 'an MTU is too small for the frames that arrive',
  severity: 'error',
  look(view) {
    return [...pairs(wiredOf(view)), ...uplinks(view)]
  },
}

/** A veth drops frames that are larger than its own MTU: the host's end those of a container with a larger one. */
function pairs(wired: readonly Wired[]): Finding[] {
  return wired.flatMap(({ end, containerID, ifname }) => {
    const mtu = end && mtuOfPeer(end)
    if (!end || !mtu || mtu <= end.mtu) return []
    return [
      {
        subject: end.name,
        cause: `${ifname} of container ${shortID(containerID)} sends packets of up to ${mtu} bytes, and its other end ${end.name} drops those of more than ${end.mtu}`,
        evidence: [
          { where: `ip link show dev ${word(end.name)}`, value: `mtu ${end.mtu}` },
          { where: `${ifname} in the container`, value: `mtu ${mtu}` },
        ],
        mend: [`ip link set dev ${word(end.name)} mtu ${mtu}`],
      },
    ]
  })
}

/** A bridge drops frames that are larger than the MTU of the port that they leave by. */
function uplinks(view: View): Finding[] {
  return bridgesOf(view).flatMap(({ bridge, wired }) => {
    const largest = Math.max(...wired.map(({ end }) => end?.mtu ?? 0))
    const names = new Set(wired.flatMap(({ config }) => uplinkNames(config)))
    const nics = [...names].flatMap((name) => linksByName(view).get(name) ?? [])
    return nics
      .filter(({ master, mtu }) => master === bridge.index && mtu < largest)
      .map((nic) => tooSmall(nic, bridge, largest))
  })
}

/** The key `uplinks`: names, or objects with a name. */
function uplinkNames({ uplinks }: Raw): string[] {
  const listed: unknown[] = Array.isArray(uplinks) ? uplinks : []
  const names = listed.map((one) => (isObject(one) ? one.name : one))
  return names.filter((name) => typeof name === 'string')
}

function tooSmall({ name, mtu }: Link, bridge: Link, largest: number): Finding {
  return {
    subject: name,
    cause: `containers on ${bridge.name} send packets of up to ${largest} bytes, and its port ${name} drops those of more than ${mtu}`,
    evidence: [{ where: `ip link show dev ${word(name)}`, value: `mtu ${mtu}` }],
    mend: [`ip link set dev ${word(name)} mtu ${largest}`],
  }
}
