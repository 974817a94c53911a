/** Matches and targets of xtables, which iptables-nft has in rules of nf_tables. */

import { find, text } from '../../../shared/netlink/nftables-read.ts'
import type { Holds, Verdict } from './outcome.ts'
import { STATE_NEW, serviceMark } from './packet.ts'

/** NFTA_MATCH_*, NFTA_TARGET_*, include/uapi/linux/netfilter/nf_tables_compat.h. */
const Target = { NAME: 1, INFO: 3 } as const
/** Targets after which the next rule follows. */
const passingTargets = ['LOG', 'NFLOG', 'MARK', 'CONNMARK', 'TCPMSS', 'TRACE']

/** struct xt_conntrack_mtinfo3 (include/uapi/linux/netfilter/xt_conntrack.h): flags, their inversions, states. */
const Conntrack = { FLAGS: 146, INVERTED: 148, STATES: 150, STATE: 1, BYTES: 152 } as const

/** Whether a match holds for the first packet of a connection. */
export function matched(data: Buffer): Holds {
  const [name, info] = [text(find(data, Target.NAME)), find(data, Target.INFO) ?? Buffer.alloc(0)]
  if (name === 'comment') return 'yes'
  // struct xt_mark_mtinfo1: mark, mask, and whether it is inverted.
  if (name === 'mark' && info.length > 8) {
    const isService = info[8] === 0 && [0, 4].every((at) => info.subarray(at, at + 4).equals(serviceMark))
    return isService ? 'no' : 'maybe'
  }
  if (name !== 'conntrack' || info.length < Conntrack.BYTES) return 'maybe'
  const asksState = (info.readUInt16LE(Conntrack.FLAGS) & Conntrack.STATE) !== 0
  const isInverse = (info.readUInt16LE(Conntrack.INVERTED) & Conntrack.STATE) !== 0
  if (!asksState) return 'maybe'
  return ((info.readUInt16LE(Conntrack.STATES) & STATE_NEW) !== 0) === isInverse ? 'no' : 'maybe'
}

/** What a target does. */
export function targetOf(data: Buffer): Holds | Verdict[] {
  const name = text(find(data, Target.NAME)) ?? ''
  if (name === 'REJECT') return [{ kind: 'drop' }]
  return passingTargets.includes(name) ? 'yes' : [{ kind: 'accept' }, { kind: 'drop' }, { kind: 'continue' }]
}
