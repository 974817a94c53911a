/** What the store says of the blocks and single addresses that this host has noted. */

import type { Holdings } from '../memory.ts'
import { type Entry, type Operation, type Protocol, transact } from '../protocol.ts'
import { block as blockSchema, single as singleSchema } from '../values.ts'
import { isOwnName, type Session } from './host.ts'
import { keyOf, type Part } from './notes.ts'
import { known } from './value.ts'

/** `ours`: the key has our ID and this network. */
export interface Seen {
  holdings: Holdings
  part: Part
  key: string
  /** Of the key's last change; 0 for no key. */
  modified: number
  is: 'ours' | 'absent' | "another's"
  /** The name in a key with our ID. If that is another's, a copy of this host has written it. */
  name?: string
  /** Of a single address. */
  answer?: 'asked' | 'granted' | 'refused'
}

/** etcd allows 128 operations in a transaction (--max-txn-ops). */
export const atOnce = 60

export function chunksOf<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / atOnce)
  return Array.from({ length: count }, (_, at) => items.slice(at * atOnce, (at + 1) * atOnce))
}

/** Reads the keys of parts. */
export function* lookAt(
  session: Session,
  noted: readonly { holdings: Holdings; part: Part }[],
): Protocol<Seen[]> {
  const seen: Seen[] = []
  for (const chunk of chunksOf(noted)) {
    const keyed = chunk.map((one) => ({ ...one, key: keyOf(session.host.keys, one.holdings, one.part) }))
    const ranges = keyed.map(({ key }): Operation => ({ range: { from: key } }))
    const { found } = yield* transact({ when: [], do: ranges })
    seen.push(...keyed.map((one, at) => seenOf(session, one, found[at]?.[0])))
  }
  return seen
}

function seenOf(
  session: Session,
  noted: Pick<Seen, 'holdings' | 'part' | 'key'>,
  entry: Entry | undefined,
): Seen {
  if (!entry) return { ...noted, modified: 0, is: 'absent' }
  const { host, memory } = session
  const { modified } = entry
  const value =
    'block' in noted.part
      ? known(blockSchema, entry, host.report)?.value
      : known(singleSchema, entry, host.report)?.value
  const isOurs = value?.id === memory.id && value.network === noted.holdings.network
  const answer = value && 'state' in value ? { answer: value.state } : {}
  if (!isOurs) return { ...noted, modified, is: "another's" }
  // An address that was granted stays under the name that its owner knows.
  if ('block' in noted.part && !isOwnName(session, value.host))
    return { ...noted, modified, is: "another's", name: value.host }
  return { ...noted, modified, is: 'ours', name: value.host, ...answer }
}
