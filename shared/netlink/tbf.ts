/** tbf, a token bucket: the qdisc that shapes (TCA_TBF_*, include/uapi/linux/pkt_sched.h). */

import { putU32 } from 'netlink/dist/structs.js'
import { attributesIn } from './attributes.ts'
import type { QdiscKind } from './qdisc.ts'
import { rate64, rateSpec, readRate, type TcObject, ticksOf } from './traffic-control.ts'

/** What a shaper lets through, on average and at once. */
export interface Bucket {
  /** Bytes per second. */
  rate: number
  /** Bytes. */
  burst: number
}

/** A shaper as the kernel has it: of the burst it tells the time, in ticks. */
export interface FoundBucket {
  rate: number
  buffer: number
}

/** TCA_TBF_*. struct tc_tbf_qopt: two rates, then limit, buffer and mtu. */
const Tbf = { PARMS: 1, RATE64: 4, BURST: 6 } as const
const TBF_LENGTH = 36

/** The kernel computes the largest packet from the buffer's time, of which it takes 2^32 ns at most (tbf_change, net/sched/sch_tbf.c). */
const LONGEST_BUFFER = 2 ** 32 / 1e9

/** `tbf rate R burst B limit L`. @param limit bytes that wait at most, those of the burst included */
export function tbf({ rate, burst, limit }: Bucket & { limit: number }): QdiscKind {
  const parms = Buffer.alloc(TBF_LENGTH)
  parms.set(rateSpec(rate))
  parms.writeUInt32LE(limit, 24)
  parms.writeUInt32LE(ticksOf(burst, rate), 28)
  const wide = rate64(rate)
  return {
    kind: 'tbf',
    options: (out) => {
      out.push(Tbf.PARMS, parms)
      if (wide) out.push(Tbf.RATE64, wide)
      if (burst / rate >= LONGEST_BUFFER) out.push(Tbf.BURST, putU32(burst))
    },
    words: `rate ${rate * 8} burst ${burst} limit ${limit}`,
  }
}

/** The options of a `tbf`; undefined for another kind. */
export function parseTbf({ kind, options }: TcObject): (FoundBucket & { limit: number }) | undefined {
  const attribute = attributesIn(options)
  const parms = kind === 'tbf' ? attribute(Tbf.PARMS) : undefined
  return (
    parms && {
      rate: readRate(parms, attribute(Tbf.RATE64)),
      limit: parms.readUInt32LE(24),
      buffer: parms.readUInt32LE(28),
    }
  )
}
