/** What nftrace tells of one flow: each rule and policy that decides something about its packets. */

import { isErrno, tolerate } from '../../shared/kernel/errno.ts'
import { families } from '../../shared/netlink/nftables.ts'
import { find, HEADER, text } from '../../shared/netlink/nftables-read.ts'
import { readMessages } from '../../shared/netlink/socket.ts'
import { mostAtOnce } from './live-socket.ts'
import type { Listening } from './live-table.ts'

/** NFNL_SUBSYS_NFTABLES and NFT_MSG_TRACE. */
const TRACE = (10 << 8) | 17
/** NFTA_TRACE_*, enum nft_trace_types, attributes of a verdict. */
const Attr = { TABLE: 1, CHAIN: 2, HANDLE: 3, TYPE: 4, VERDICT: 5, ID: 6, TRANSPORT: 9, POLICY: 16 } as const
const [POLICY, RULE] = [1, 3]
const [VERDICT_CODE, VERDICT_CHAIN] = [1, 2]
const MSG_DONTWAIT = 0x40

const verdicts: Readonly<Record<number, string>> = {
  0: 'drop',
  1: 'accept',
  2: 'stolen',
  3: 'queue',
  [-1]: 'continue',
  [-3]: 'jump',
  [-4]: 'goto',
  [-5]: 'return',
}

/** Reads the events of one namespace, of packets that have the number; others may be traced by other programs. */
export function eventsOf({ events, table }: Listening, offset: number): (number: number) => string[] {
  const ours = new Set<number>()
  return (number) => {
    const said: string[] = []
    for (const data of waiting(events)) {
      const attributes = data.subarray(HEADER)
      const id = find(attributes, Attr.ID)?.readUInt32BE(0) ?? 0
      const transport = find(attributes, Attr.TRANSPORT)
      if (transport && transport.length >= offset + 2 && transport.readUInt16BE(offset) === number)
        ours.add(id)
      if (ours.has(id) && text(find(attributes, Attr.TABLE)) !== table.name)
        said.push(...lineOf(data, attributes))
    }
    return said
  }
}

function waiting(events: Listening['events']): Buffer[] {
  const found: Buffer[] = []
  try {
    for (let read = 0; read < mostAtOnce; read++) {
      const messages = tolerate(() => readMessages(events, MSG_DONTWAIT), 'EAGAIN')
      if (!messages) return found
      found.push(...messages.filter(({ type }) => type === TRACE).map(({ data }) => data))
    }
    return found
  } catch (error) {
    // More events than the buffer holds: the first are there.
    if (isErrno(error, 'ENOBUFS')) return found
    throw error
  }
}

function lineOf(data: Buffer, attributes: Buffer): string[] {
  const family = Object.entries(families).find(([, number]) => number === data[0])?.[0] ?? `family ${data[0]}`
  const chain = `${family} ${text(find(attributes, Attr.TABLE))} ${text(find(attributes, Attr.CHAIN))}`
  const type = find(attributes, Attr.TYPE)?.readUInt32BE(0)
  if (type === POLICY) {
    const policy = find(attributes, Attr.POLICY)?.readUInt32BE(0) ?? 1
    return [`${chain}: policy ${verdicts[policy]}`]
  }
  if (type !== RULE) return []
  const code = find(attributes, Attr.VERDICT, VERDICT_CODE)?.readInt32BE(0) ?? 1
  const to = text(find(attributes, Attr.VERDICT, VERDICT_CHAIN))
  const handle = find(attributes, Attr.HANDLE)?.readBigUInt64BE(0)
  return [
    `${chain}${handle === undefined ? '' : ` handle ${handle}`}: ${verdicts[code] ?? code}${to ? ` ${to}` : ''}`,
  ]
}
