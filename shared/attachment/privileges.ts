/** STATUS: whether this process may do what ADD does. The kernel is asked for the same, in a way that changes nothing. */

import { CniError, Code } from '../error/error.ts'
import { isErrno } from '../kernel/errno.ts'
import { currentNamespace, inNamespace } from '../kernel/namespace.ts'
import { changeLink } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import type { Gives } from './device.ts'
import { hostSocket } from './sides.ts'

/** Every ADD enters the container's namespace: setns(2). */
const enterNamespace = () => inNamespace(currentNamespace(), () => {})

/** The kernel checks the privilege before it reads the request, which sets nothing (rtnetlink_rcv_msg, net/core/rtnetlink.c). */
const changeNothing = () => ask(hostSocket(), changeLink({ name: 'lo' }, {}))

/** @param gives a device that gives only addresses changes no link @throws CniError of code 50 that names the missing privileges */
export function requirePrivileges(gives: Gives = 'interface'): void {
  const missing = [
    ...(isAllowed(enterNamespace) ? [] : ['CAP_SYS_ADMIN']),
    ...(gives === 'addresses' || isAllowed(changeNothing) ? [] : ['CAP_NET_ADMIN']),
  ]
  if (missing.length === 0) return
  const names = missing.join(' and ')
  throw new CniError(Code.PluginNotAvailable, {
    msg: `this process lacks ${names} in its network namespace, without which every ADD fails: run the plugin as root`,
    hint: 'the runtime must run as root of the user namespace to which the network namespace belongs, with these capabilities',
    errno: 'EPERM',
    see: 'grep Cap /proc/self/status; lsns -t net',
  })
}

function isAllowed(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (isErrno(error, 'EPERM')) return false
    throw error
  }
}
