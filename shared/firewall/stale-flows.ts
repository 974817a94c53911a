/**
 * Flows of UDP that connection tracking keeps on an old way: a datagram with ports that the kernel knows passes no rule, so a client
 * that goes on sending would reach the former container, or none, after a host port got another one.
 */

import { type Address, formatAddress, sameAddress } from '../ip/address.ts'
import { isErrno, tolerate } from '../kernel/errno.ts'
import { deleteFlow, type Flow, type FlowFilter, listUdpFlows } from '../netlink/conntrack.ts'
import { wayTo } from '../netlink/local.ts'
import { closeSocket, openSocket, Protocol, transact } from '../netlink/socket.ts'
import { netfilter } from './table.ts'

/** A port of UDP on the host. */
export interface HostPort {
  port: number
  /** The only address of the host on which it is mapped; absent or unspecified: all. */
  hostIP?: Address
}

/** A mapped port and where it leads. */
export interface UdpMapping extends HostPort {
  address: Address
  containerPort: number
}

/**
 * Ends the flows to mapped host ports that lead elsewhere: to no container, or to another one. Call it when the rules are in
 * place: the next datagram of such a flow passes them. Flows to addresses of other hosts stay, whatever their port.
 * @param mappings of UDP; each concerns the family of its container's address
 * @returns how many; undefined when the kernel has no ctnetlink
 * @throws KernelError
 */
export function flushStaleFlows(mappings: UdpMapping[]): number | undefined {
  const isStale = (flow: Flow) => {
    const own = mappings.filter(({ address, ...port }) => isSentTo(flow, { family: address.family, ...port }))
    return own.length > 0 && !own.some((mapping) => leadsTo(flow, mapping))
  }
  const ofFamily = (family: 4 | 6) => mappings.filter(({ address }) => address.family === family)
  return end([...filtersOf(4, ofFamily(4)), ...filtersOf(6, ofFamily(6))], isStale)
}

/** The kernel walks all its flows for each port that it is asked for: of more ports than these, all flows of UDP are asked for at once. */
const portsAskedFor = 8

function filtersOf(family: 4 | 6, hostPorts: HostPort[]): FlowFilter[] {
  const ports = [...new Set(hostPorts.map(({ port }) => port))]
  return ports.length > portsAskedFor ? [{ family }] : ports.map((port) => ({ family, port }))
}

/**
 * Ends the flows that were led from host ports to a container. Call it when the rules are gone.
 * @param addresses of the container
 * @param ports its former host ports; absent: all, for a caller that does not know them
 * @returns how many; undefined when the kernel has no ctnetlink
 * @throws KernelError
 */
export function flushFlowsTo(addresses: Address[], ports?: HostPort[]): number | undefined {
  const isOurs = (flow: Flow) => {
    const { family } = flow.destination.address
    const isTarget = flow.isTranslated && addresses.some((one) => sameAddress(one, flow.target.address))
    return isTarget && (!ports || ports.some((port) => isSentTo(flow, { family, ...port })))
  }
  return end(filtersTo(addresses, ports), isOurs)
}

/** The kernel cannot look for an IPv6 address: it is asked for the ports, and the rest is left out here. */
function filtersTo(addresses: Address[], ports: HostPort[] | undefined): FlowFilter[] {
  const isAskedFor = ({ family }: Address) => family === 4 || !ports
  const byPort = addresses.every(isAskedFor) ? [] : filtersOf(6, ports ?? [])
  return [...addresses.filter(isAskedFor).map((target) => ({ target })), ...byPort]
}

/** Whether a flow is sent to a port of the host. */
function isSentTo({ destination }: Flow, { family, port, hostIP }: HostPort & { family: 4 | 6 }): boolean {
  if (destination.address.family !== family || destination.port !== port) return false
  return !hostIP || hostIP.value === 0n || sameAddress(destination.address, hostIP)
}

function leadsTo({ target }: Flow, { address, containerPort }: UdpMapping): boolean {
  return sameAddress(target.address, address) && target.port === containerPort
}

/** Deletes what fits of the flows to the host's own addresses. @returns how many */
function end(filters: FlowFilter[], fits: (flow: Flow) => boolean): number | undefined {
  const flows = listAll(filters)?.filter(fits)
  if (!flows || flows.length === 0) return flows && 0
  const stale = toThisHost(flows)
  // ENOENT: a flow has ended meanwhile. The kernel processes the requests after it all the same.
  tolerate(() => transact(netfilter(), stale.map(deleteFlow)), 'ENOENT')
  return stale.length
}

/** undefined when the kernel has no ctnetlink, whose messages nfnetlink refuses then. */
function listAll(filters: FlowFilter[]): Flow[] | undefined {
  try {
    return filters.flatMap((filter) => listUdpFlows(netfilter(), filter))
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT')) return undefined
    throw error
  }
}

/** The flows whose destination is an address of the host, by one look-up for each address. */
function toThisHost(flows: Flow[]): Flow[] {
  const routes = openSocket(Protocol.ROUTE)
  const known = new Map<string, boolean>()
  const isLocal = (address: Address) => {
    const text = formatAddress(address)
    const answer = known.get(text) ?? wayTo(routes, address) === 'local'
    known.set(text, answer)
    return answer
  }
  try {
    return flows.filter(({ destination }) => isLocal(destination.address))
  } finally {
    closeSocket(routes)
  }
}
