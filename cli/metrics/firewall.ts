/** Metrics of the firewall: how many elements our tables have for each feature. */

import { netfilter, ourTable } from '../../shared/firewall/table.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import {
  Attribute,
  families,
  Message,
  place,
  request,
  type Table,
  tableName,
} from '../../shared/netlink/nftables.ts'
import { dumpIfAny, find, HEADER, listElements, text } from '../../shared/netlink/nftables-read.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { gauge, type Metric, type Sample } from './metric.ts'

/** The first words of the names of our sets. */
const features = ['masquerade', 'macspoofchk', 'portmap', 'filter', 'isolation']

/** @throws KernelError EPERM without CAP_NET_ADMIN */
export function firewallMetrics(): Metric[] {
  const socket = netfilter()
  const samples = Object.keys(families).flatMap((family) => elementsIn(socket, family as Table['family']))
  const help = 'Elements of sets and maps in the nftables tables named patchbay.'
  return [gauge('firewall_elements', help, samples)]
}

function elementsIn(socket: Socket, family: Table['family']): Sample[] {
  const table = ourTable(family)
  const counts = new Map<string, number>()
  for (const name of setsIn(socket, table)) {
    const feature = features.find((one) => name.startsWith(`${one}-`)) ?? 'other'
    const count = listElements(socket, { table, name, key: [] }).length
    counts.set(feature, (counts.get(feature) ?? 0) + count)
  }
  return [...counts].map(([feature, value]) => ({ labels: { family, feature }, value }))
}

/** The names of a table's sets; none without the table, or without the family in the kernel. Equivalent to `nft list sets table`. */
function setsIn(socket: Socket, table: Table): string[] {
  const question = request(
    table,
    Message.GETSET,
    0,
    tableName(table),
    () => `list sets table ${place(table)}`,
  )
  try {
    const replies = dumpIfAny(socket, question)
    return replies.flatMap(({ data }) => text(find(data.subarray(HEADER), Attribute.SET_NAME)) ?? [])
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP', 'EINVAL', 'EAFNOSUPPORT')) return []
    throw error
  }
}
