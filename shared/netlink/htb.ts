/** htb: a qdisc with classes, each with a token bucket (TCA_HTB_*, include/uapi/linux/pkt_sched.h). */

import * as rt from 'netlink/dist/rt/structs.js'
import { attributesIn } from './attributes.ts'
import type { LinkName } from './link.ts'
import type { QdiscKind } from './qdisc.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'
import type { Bucket, FoundBucket } from './tbf.ts'
import {
  handleWords,
  parseTc,
  rate64,
  rateSpec,
  readRate,
  seeTc,
  type TcObject,
  tcMessage,
  ticksOf,
} from './traffic-control.ts'

const { NEWTCLASS, GETTCLASS } = rt.MessageType

/** TCA_HTB_*. */
const Htb = { PARMS: 1, INIT: 2, RATE64: 6, CEIL64: 7 } as const
/** struct tc_htb_glob: version, rate2quantum, defcls, debug, direct packets. */
const [GLOB_LENGTH, VERSION, RATE_TO_QUANTUM] = [20, 3, 10]
/** struct tc_htb_opt: rate, ceil, then buffer, cbuffer, quantum, level, prio. */
const OPT_LENGTH = 44

/** `htb default MINOR`. @param minor of the class for packets that no filter takes; without such a class they pass unshaped */
export function htb(minor: number): QdiscKind {
  const glob = Buffer.alloc(GLOB_LENGTH)
  for (const [at, value] of [VERSION, RATE_TO_QUANTUM, minor].entries()) glob.writeUInt32LE(value, 4 * at)
  return {
    kind: 'htb',
    options: (out) => out.push(Htb.INIT, glob),
    words: `default ${minor.toString(16)}`,
  }
}

/** The default class of an `htb`; undefined for another kind. */
export function defaultClassOf({ kind, options }: TcObject): number | undefined {
  return kind === 'htb' ? attributesIn(options)(Htb.INIT)?.readUInt32LE(8) : undefined
}

/** `tc class add dev LINK parent PARENT classid CLASS htb rate R burst B ceil R cburst B quantum Q`. @param quantum bytes, for the share of classes */
export function newClass(
  link: LinkName,
  { parent, handle }: { parent: number; handle: number },
  { rate, burst, quantum }: Bucket & { quantum: number },
): Request {
  const [opt, spec, wide] = [Buffer.alloc(OPT_LENGTH), rateSpec(rate), rate64(rate)]
  for (const at of [0, 12]) opt.set(spec, at)
  for (const [at, value] of [ticksOf(burst, rate), ticksOf(burst, rate), quantum].entries())
    opt.writeUInt32LE(value, 24 + 4 * at)
  const words = `rate ${rate * 8} burst ${burst} ceil ${rate * 8} cburst ${burst} quantum ${quantum}`
  return {
    type: NEWTCLASS,
    flags: Flag.CREATE | Flag.EXCL,
    payload: tcMessage({ index: link.index, handle, parent }, 'htb', (out) => {
      out.push(Htb.PARMS, opt)
      for (const type of [Htb.RATE64, Htb.CEIL64]) if (wide) out.push(type, wide)
    }),
    attempt: `add the class ${handleWords(handle)} to ${link.name}`,
    see: seeTc('class', link),
    reproduce: `tc class add dev ${link.name} parent ${handleWords(parent)} classid ${handleWords(handle)} htb ${words}`,
  }
}

/** A class of `htb`. */
export interface FoundClass extends FoundBucket {
  handle: number
  ceil: number
}

/** The classes of a link. Equivalent to `tc class show dev LINK`. */
export function listClasses(socket: Socket, link: LinkName): FoundClass[] {
  const see = seeTc('class', link)
  const request = {
    type: GETTCLASS,
    payload: tcMessage({ index: link.index }),
    attempt: `list the classes of ${link.name}`,
    see,
  }
  return dump(socket, request).flatMap((reply) => parseClass(parseTc(reply)) ?? [])
}

function parseClass({ handle, options }: TcObject): FoundClass | undefined {
  const attribute = attributesIn(options)
  const opt = attribute(Htb.PARMS)
  return (
    opt && {
      handle,
      rate: readRate(opt, attribute(Htb.RATE64)),
      ceil: readRate(opt.subarray(12), attribute(Htb.CEIL64)),
      buffer: opt.readUInt32LE(24),
    }
  )
}
