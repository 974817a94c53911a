/** Lists filters of the classifier u32: what filter.ts has made. */

import * as rt from 'netlink/dist/rt/structs.js'
import { formatAddress, fromBytes } from '../ip/address.ts'
import { formatCidr, networkOf } from '../ip/subnet.ts'
import { attributesIn, valuesIn } from './attributes.ts'
import type { SubnetFilter } from './filter.ts'
import type { LinkName } from './link.ts'
import { dump, type Socket } from './socket.ts'
import { handleWords, parseTc, seeTc, type TcObject, tcMessage } from './traffic-control.ts'
import { ACT_OPTIONS, families, KEY_LENGTH, MIRRED_PARMS, networkOrder, SEL_LENGTH, U32 } from './u32.ts'

const { GETTFILTER } = rt.MessageType

/** Where a filter sends packets: to a class, or to another link; which packets, if a subnet's. */
export interface FoundFilter {
  classid?: number
  /** `src 10.0.0.0/8`, as `filterWords` gives it. */
  words?: string
  /** The index of the link. */
  target?: number
}

/** The filters of a qdisc. Equivalent to `tc filter show dev LINK parent PARENT`. @param parent the qdisc's handle */
export function listFilters(socket: Socket, link: LinkName, parent: number): FoundFilter[] {
  const see = `${seeTc('filter', link)} parent ${handleWords(parent)}`
  const payload = tcMessage({ index: link.index, parent })
  const request = { type: GETTFILTER, payload, attempt: `list the filters of ${link.name}`, see }
  return dump(socket, request).flatMap((reply) => parseFilter(parseTc(reply)) ?? [])
}

/** The kernel lists the hash tables of u32, too, which have no selector. Of another classifier's filter nothing is known. */
function parseFilter({ kind, info, options }: TcObject): FoundFilter | undefined {
  if (kind !== 'u32') return {}
  const attribute = attributesIn(options)
  const sel = attribute(U32.SEL)
  if (!sel) return undefined
  const [action] = valuesIn(attribute(U32.ACT) ?? Buffer.alloc(0))
  return {
    classid: attribute(U32.CLASSID)?.readUInt32LE(0),
    words: wordsOfSelector(networkOrder(info & 0xffff), sel),
    target: action && targetOf(action),
  }
}

function targetOf(action: Buffer): number | undefined {
  const options = attributesIn(action)(ACT_OPTIONS)
  return options && attributesIn(options)(MIRRED_PARMS)?.readUInt32LE(24)
}

function wordsOfSelector(etherType: number, sel: Buffer): string | undefined {
  const family = Object.values(families).find((one) => one.etherType === etherType)
  const first = sel.length > SEL_LENGTH ? sel.readInt32LE(SEL_LENGTH + 8) : 0
  if (!family || (first !== family.src && first !== family.dst)) return undefined
  const bytes = Buffer.alloc(family.etherType === 0x0800 ? 4 : 16)
  let prefix = 0
  for (let at = SEL_LENGTH; at + KEY_LENGTH <= sel.length; at += KEY_LENGTH) {
    const place = sel.readInt32LE(at + 8) - first
    if (place < 0 || place + 4 > bytes.length) return undefined
    bytes.writeUInt32BE(sel.readUInt32BE(at + 4), place)
    prefix += bitsOf(sel.readUInt32BE(at))
  }
  return `${first === family.src ? 'src' : 'dst'} ${formatAddress(fromBytes(bytes))}/${prefix}`
}

/** The bits of a mask that are set. */
function bitsOf(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length
}

/** What a found filter says of a subnet, for comparison. */
export function filterWords({ which, subnet }: Pick<SubnetFilter, 'which' | 'subnet'>): string {
  return `${which} ${formatCidr({ address: networkOf(subnet), prefix: subnet.prefix })}`
}
