/** The numbers by which one network namespace knows others; IFLA_LINK_NETNSID is one of them. */

import { putU32 } from 'netlink/dist/structs.js'
import { Errno, KernelError } from '../kernel/errno.ts'
import type { Namespace } from '../kernel/namespace.ts'
import { attributesIn } from './attributes.ts'
import { ask, type Socket } from './socket.ts'

/** include/uapi/linux/rtnetlink.h, include/uapi/linux/net_namespace.h. */
const RTM_GETNSID = 90
const [NETNSA_NSID, NETNSA_FD] = [1, 3]
/** struct rtgenmsg, padded. */
const HEADER = Buffer.alloc(4)

/** The number of a namespace in the socket's namespace; -1 when it has none there. `ip netns list-id` shows all. @throws KernelError */
export function nsidOf(socket: Socket, namespace: Namespace): number {
  const attempt = `look up the number of namespace ${namespace.path}`
  const [reply] = ask(socket, {
    type: RTM_GETNSID,
    flags: 0,
    payload: (out) => {
      out.emit(HEADER)
      out.push(NETNSA_FD, putU32(namespace.fd))
    },
    attempt,
    see: 'ip netns list-id',
  })
  if (!reply) throw new KernelError(Errno.EPROTO, attempt)
  return attributesIn(reply.data, HEADER.length)(NETNSA_NSID)?.readInt32LE(0) ?? -1
}
