/** Flows of UDP to a host port, for tests: rules that lead it to a container, and what the kernel tracks. */

import * as assert from 'uvu/assert'
import type { UdpMapping } from '../../shared/firewall/stale-flows.ts'
import { netfilter } from '../../shared/firewall/table.ts'
import { type Address, formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { deleteFlow, type Flow, listUdpFlows } from '../../shared/netlink/conntrack.ts'
import { transact } from '../../shared/netlink/socket.ts'
import { bare } from '../harness/address.ts'
import { command } from '../harness/command.ts'
import { far, near } from '../harness/host.ts'
import type { Container } from './firewall-containers.ts'

/** The port on the host, and that of the containers' servers. */
export const [hostPort, containerPort] = [5300, 53]

/** The families, each with an address of the host and one of the far host. */
export const families = [
  { family: 4, table: 'ip', own: near.ipv4, foreign: far.ipv4 },
  { family: 6, table: 'ip6', own: near.ipv6, foreign: far.ipv6 },
] as const
export type Family = (typeof families)[number]

/** An address as a value. */
export function parsed(text: string): Address {
  const address = parseAddress(text)
  assert.ok(address, text)
  return address
}

/** The address of a container in a family. */
export function addressOf({ addresses }: Container, { family }: Family): string {
  return bare(addresses[family === 4 ? 0 : 1] ?? '')
}

/** The mapping of the host port to a container. */
export function mappingTo(container: Container, family: Family): UdpMapping {
  return { port: hostPort, address: parsed(addressOf(container, family)), containerPort }
}

/** Leads the host port to a container; to none when there is none. Rules that translate nothing keep the tracking on. */
export function lead(family: Family, container?: Container, port = hostPort): void {
  const table = `${family.table} ports`
  const to = container && addressOf(container, family)
  const target = family.family === 6 ? `[${to}]:${containerPort}` : `${to}:${containerPort}`
  const chain = (hook: string) => [
    `add chain ${table} ${hook} { type nat hook ${hook} priority -100; }`,
    `flush chain ${table} ${hook}`,
    `add rule ${table} ${hook} ${family.table} daddr ${family.foreign} udp dport 9 dnat to ${family.foreign}`,
    ...(to ? [`add rule ${table} ${hook} fib daddr type local udp dport ${port} dnat to ${target}`] : []),
  ]
  command('nft', [`add table ${table}`, ...chain('prerouting'), ...chain('output')].join('\n'))
}

/** The flows that the kernel tracks, in words. */
export function flows({ family }: Family): string[] {
  return listUdpFlows(netfilter(), { family }).map(inWords).sort()
}

function inWords({ destination, target, isTranslated }: Flow): string {
  const text = ({ address, port }: Flow['target']) => `${formatAddress(address)} ${port}`
  return isTranslated ? `${text(destination)} -> ${text(target)}` : text(destination)
}

/** Removes all flows. */
export function forgetAll({ family }: Family): void {
  for (const flow of listUdpFlows(netfilter(), { family })) {
    try {
      transact(netfilter(), [deleteFlow(flow)])
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
}
