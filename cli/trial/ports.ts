/** Whether a host port leads to a listener in the container: from the host, from the other container, from the container itself. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { type Address, type Family, formatAddress, sameAddress } from '../../shared/ip/address.ts'
import { now, waitReadable } from '../../shared/kernel/clock.ts'
import type { Namespace } from '../../shared/kernel/namespace.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import { acceptFrom, connectTo, isFree, listenOn, withSocket } from '../host/inet-socket.ts'
import { failed, inapplicable, passed, type Verdict } from './finding.ts'
import { addressOf, gatewayOf, type Subject } from './subject.ts'

/** The port in the container. */
const CONTAINER_PORT = 7999

/** Above the ports that kernels give to clients (net.ipv4.ip_local_port_range). */
const [FIRST, COUNT] = [61_000, 4000] as const

/** A host port that is free, and the values that ask for it. @throws KernelError */
export function askForPort(): { port: number; capabilities: Record<string, unknown> } {
  let port = FIRST + (Math.floor(now()) % COUNT)
  while (!isFree(port)) port++
  const mapping = { hostPort: port, containerPort: CONTAINER_PORT, protocol: 'tcp' }
  return { port, capabilities: { portMappings: [mapping] } }
}

/** A connection to a host port. */
export interface Trial {
  /** The container with the listener. */
  subject: Subject
  port: number
  family: Family
  milliseconds: number
  /** Where it comes from; undefined: the host. */
  from?: Namespace
}

export function portLeads({ subject, port, family, milliseconds, from }: Trial): Verdict {
  if (!addressOf(subject, family)) return inapplicable(`no address of IPv${family}`)
  const host = hostAddress(subject, family)
  if (!host) return inapplicable(`the host has no address of IPv${family}`)
  const to = `${family === 6 ? `[${formatAddress(host)}]` : formatAddress(host)}:${port}`
  return withSocket('tcp', family, subject.namespace, (listener) => {
    listenOn(listener, CONTAINER_PORT)
    const problem = withSocket('tcp', family, from, (client) =>
      connectTo(client, { address: host, port }, milliseconds),
    )
    if (problem) return failed(`connecting to ${to}: ${problem}`)
    if (!waitReadable(listener.fd, milliseconds))
      return failed(`${to} is open, and does not lead to the container`)
    const source = acceptFrom(listener)
    return passed(
      `${to} leads to the container${source ? `, which sees ${formatAddress(source.address)}` : ''}`,
    )
  })
}

/** An address of the host that containers of the network reach: the gateway's, or else a global one. */
function hostAddress(subject: Subject, family: Family): Address | undefined {
  const own = listAllAddresses(hostSocket()).filter(
    ({ address, scope }) => address.family === family && scope === 0,
  )
  const gateway = gatewayOf(subject, family)
  const near = gateway && own.find(({ address }) => sameAddress(address, gateway))
  return (near ?? own[0])?.address
}
