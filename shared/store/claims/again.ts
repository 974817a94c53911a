/** Whether what a host holds, and the store has lost, can still be claimed: meanwhile the pools may have changed. */

import { width } from '../../ip/address.ts'
import { type Cidr, parseCidr } from '../../ip/subnet.ts'
import { allBelow } from '../keys.ts'
import type { Condition, Protocol } from '../protocol.ts'
import type { Session } from './host.ts'
import { addressOf, nameOf, type Part } from './notes.ts'
import type { Seen } from './parts.ts'
import { otherPoolIn, type Pools, readPools, sizeIn } from './pool-obstacles.ts'

/** What was seen, and what must still be so when absent keys are written. */
export interface Judged {
  seen: readonly Seen[]
  when: readonly Condition[]
}

/** Absent parts that cannot be claimed again count as another's, with the reason. Pools are read only where a key is absent. */
export function* judge(session: Session, seen: readonly Seen[]): Protocol<Judged> {
  if (!seen.some(({ is }) => is === 'absent')) return { seen, when: [] }
  const all = yield* readPools(session.host)
  const judged: Seen[] = []
  for (const one of seen) {
    const why = one.is === 'absent' ? yield* obstacleTo(session, all, one) : undefined
    judged.push(why === undefined ? one : { ...one, is: "another's", why })
  }
  return {
    seen: judged,
    when: [{ ...allBelow(session.host.keys.pools), unchangedSince: all.revision }],
  }
}

/** The pool may be absent: after a loss of all of etcd hosts claim first, and it is made again later. */
function* obstacleTo(
  { host }: Session,
  { pools }: Pools,
  { part, holdings: { pool: name } }: Seen,
): Protocol<string | undefined> {
  const subnet = subnetOf(part)
  const own = pools.find((pool) => pool.name === name)
  const size = own && sizeIn(own.definition.blockSize, subnet)
  if ('block' in part && size !== undefined && size !== subnet.prefix)
    return `pool ${name} has blocks of /${size} now`
  return (yield* otherPoolIn(host, pools, name, [subnet]))?.message
}

/** The addresses of a part. */
function subnetOf(part: Part): Cidr {
  const address = addressOf(nameOf(part))
  return parseCidr(nameOf(part)) ?? { address, prefix: width(address.family) }
}
