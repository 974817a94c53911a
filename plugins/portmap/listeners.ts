/** The warning that a process of the host listens on a port: its clients reach the container from now on. */

import type { Log } from '../../shared/error/log.ts'
import type { PortRules } from '../../shared/firewall/portmap-rules.ts'
import { hostPortOf } from '../../shared/firewall/portmap-rules.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { findListeners, hears } from '../../shared/netlink/listeners.ts'
import { closeSocket, openSocket, Protocol } from '../../shared/netlink/socket.ts'

/** Says nothing where the kernel cannot tell. Must be called on the host. */
export function warnOfListeners(rules: PortRules[], log: Log): void {
  const socket = tolerate(() => openSocket(Protocol.SOCK_DIAG), 'EPROTONOSUPPORT')
  if (!socket) return
  try {
    for (const protocol of ['tcp', 'udp'] as const) {
      const mappings = rules.flatMap(({ address, mappings }) =>
        mappings
          .filter((one) => one.protocol === protocol)
          .map((one) => ({ ...one, family: address.address.family })),
      )
      const listeners =
        findListeners(socket, protocol, [...new Set(mappings.map(({ hostPort }) => hostPort))]) ?? []
      const taken = mappings.filter(({ hostPort, hostIP, family }) =>
        listeners.some((one) => one.port === hostPort && hears(one, family, hostIP)),
      )
      for (const port of new Set(taken.map(hostPortOf)))
        log.warn(
          `a process of the host listens on ${port}, too: what is sent there reaches the container from now on`,
        )
    }
  } finally {
    closeSocket(socket)
  }
}
