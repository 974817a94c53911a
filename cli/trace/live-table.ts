/** A table of nftables for the time of one trace: its rules mark one flow for nftrace. It belongs to a socket, and the kernel removes it with that. */

import { putString, putU32be } from 'netlink/dist/structs.js'
import { isErrno } from '../../shared/kernel/errno.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { Attribute, addChain, addRule, Message, request, type Table } from '../../shared/netlink/nftables.ts'
import {
  expression,
  l4proto,
  NFT_CMP_EQ,
  NFT_REG32_00,
  type Statement,
  value,
} from '../../shared/netlink/nftables-statements.ts'
import { requireNftables, update } from '../../shared/netlink/nftables-transaction.ts'
import { closeSocket, Flag, openSocket, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import type { Netns } from './netns.ts'
import { type Packet, protocolNumber } from './packet.ts'

/** NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER (Linux 5.12). */
const [TABLE_FLAGS, OWNER] = [2, 2]
/** NFT_META_NFTRACE, NFT_PAYLOAD_TRANSPORT_HEADER; before raw and conntrack. */
const [NFTRACE, TRANSPORT, FIRST] = [12, 2, -400]
/** NFNLGRP_NFTRACE as a bit. */
const TRACES = 1 << 8

/** What listens to nftrace in a namespace. */
export interface Listening {
  netns: Netns
  table: Table
  events: Socket
  close(): void
}

/** @returns undefined when the namespace's kernel has no nf_tables @throws KernelError EOPNOTSUPP before Linux 5.12 */
export function listenIn(netns: Netns, name: string, packet: Packet, number: number): Listening | undefined {
  const [owner, events] = inNamespace(netns.namespace, () => [
    openSocket(Protocol.NETFILTER),
    openSocket(Protocol.NETFILTER, TRACES),
  ]) as [Socket, Socket]
  const close = () => {
    closeSocket(owner)
    closeSocket(events)
  }
  const table: Table = { family: packet.family === 4 ? 'ip' : 'ip6', name }
  try {
    requireNftables(owner)
    update(owner, () => requests(table, packet, number))
    return { netns, table, events, close }
  } catch (error) {
    close()
    if (isErrno(error, 'EOPNOTSUPP')) return undefined
    throw error
  }
}

function requests(table: Table, packet: Packet, number: number) {
  const words = () => `add table ${table.family} ${table.name} { flags owner; }`
  const own = request(
    table,
    Message.NEWTABLE,
    Flag.CREATE | Flag.EXCL,
    (out) => {
      out.push(Attribute.TABLE_NAME, putString(table.name))
      out.push(TABLE_FLAGS, putU32be(OWNER))
    },
    words,
  )
  const hooks = ['prerouting', 'output'] as const
  return [
    own,
    ...hooks.flatMap((hook) => [
      addChain(table, hook, { type: 'filter', hook, priority: FIRST }),
      addRule(table, hook, marking(packet, number)),
    ]),
  ]
}

/** `meta l4proto N th sport PORT meta nftrace set 1`; the identifier of ICMP is at 4. */
function marking(packet: Packet, number: number): Statement[] {
  const register = NFT_REG32_00
  const equals = (bytes: number[]) => expression('cmp', register, NFT_CMP_EQ, value(Buffer.from(bytes)))
  const at = packet.protocol === 'icmp' ? 4 : 0
  return [
    {
      words: `meta l4proto ${packet.protocol}`,
      expressions: [l4proto.load(register), equals([protocolNumber(packet)])],
    },
    {
      words: `@th,${at * 8},16 ${number}`,
      expressions: [expression('payload', register, TRANSPORT, at, 2), equals([number >> 8, number & 0xff])],
    },
    {
      words: 'meta nftrace set 1',
      expressions: [
        expression('immediate', register, value(Buffer.from([1]))),
        expression('meta', undefined, NFTRACE, register),
      ],
    },
  ]
}
