/** Qdiscs that only queue: bfifo and fq_codel (include/uapi/linux/pkt_sched.h). */

import { putU32 } from 'netlink/dist/structs.js'
import type { QdiscKind } from './qdisc.ts'
import type { TcObject } from './traffic-control.ts'

/** `bfifo limit L`. @param limit bytes that wait at most */
export function bfifo(limit: number): QdiscKind {
  return { kind: 'bfifo', options: putU32(limit), words: `limit ${limit}` }
}

/** The limit of a `bfifo`, struct tc_fifo_qopt; undefined for another kind. */
export function limitOf({ kind, options }: TcObject): number | undefined {
  return kind === 'bfifo' ? options.readUInt32LE(0) : undefined
}

/** `fq_codel`: a queue for each flow, each kept short. */
export const fqCodel: QdiscKind = { kind: 'fq_codel' }
