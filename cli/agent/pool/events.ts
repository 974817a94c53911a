/** Which keys the pool part follows, and what their changes ask for. Other hosts' blocks are not followed: there are thousands. */

import { keyOf, partsOf } from '../../../shared/store/claims/notes.ts'
import { known } from '../../../shared/store/claims/value.ts'
import type { Changed } from '../../../shared/store/connection.ts'
import { allBelow, type Keys } from '../../../shared/store/keys.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { poolDefinition } from '../../../shared/store/pool.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import {
  block as blockSchema,
  epoch as epochSchema,
  host as hostSchema,
  single as singleSchema,
} from '../../../shared/store/values.ts'
import type { Duties } from './duties.ts'
import type { Span } from './followed.ts'

const one = (key: string): Span => ({ from: key, to: `${key}\0` })

/** By kind and name: `epoch`, `host`, `pool NAME`, `singles NAME`, `block KEY`. @param host this host's name */
export function spansOf(keys: Keys, host: string, all: readonly Holdings[]): Map<string, Span> {
  const spans = new Map([
    ['epoch', one(keys.epoch)],
    ['host', one(keys.host(host))],
  ])
  for (const holdings of all) {
    spans.set(`pool ${holdings.pool}`, one(keys.pool(holdings.pool)))
    spans.set(`singles ${holdings.pool}`, allBelow(keys.singles(holdings.pool)))
    const blocks = partsOf(holdings).filter((part) => 'block' in part)
    for (const key of blocks.map((part) => keyOf(keys, holdings, part))) spans.set(`block ${key}`, one(key))
  }
  return spans
}

/** Who looks at a change. */
export interface Viewer {
  host: string
  /** This host's ID; undefined before it has one. */
  id: string | undefined
  holdings: readonly Holdings[]
  /** The epoch in which this host has confirmed what it holds. */
  epoch: string | undefined
  /** What this host has written to its key of hosts/, or is about to write. */
  nonces: readonly (string | undefined)[]
}

/** What is to be done, and within which time at random, milliseconds: many hosts see the same change. */
export interface Asked {
  duties: Partial<Duties>
  within: number
}

/** A value that is none of ours asks for nothing: what reads it reports it. */
const quiet = () => {}

/** @param name of a span @param changes of its keys: of a span of one key the last counts */
export function askedBy(name: string, changes: readonly Changed[], viewer: Viewer): Asked | undefined {
  const [kind = '', subject = ''] = name.split(' ')
  const entry = changes.at(-1)?.entry
  switch (kind) {
    case 'epoch': {
      const id = known(epochSchema, entry, quiet)?.value.id
      return id === viewer.epoch ? undefined : { duties: { enter: true }, within: 300 }
    }
    case 'host': {
      const own = known(hostSchema, entry, quiet)?.value
      const isOurs = own?.id === viewer.id && viewer.nonces.includes(own?.nonce)
      return isOurs ? undefined : { duties: { enter: true }, within: 300 }
    }
    case 'pool':
      return isReadAs(entry, subject, viewer)
        ? undefined
        : { duties: { reread: new Set([subject]) }, within: 1000 }
    case 'block': {
      const isOurs = known(blockSchema, entry, quiet)?.value.id === viewer.id
      return isOurs ? undefined : { duties: { enter: true }, within: 300 }
    }
    default:
      return askedOfSingles(changes, subject, viewer)
  }
}

/** Whether all networks have the definition that the store has. */
function isReadAs(entry: Entry | undefined, pool: string, { holdings }: Viewer): boolean {
  const definition = JSON.stringify(known(poolDefinition, entry, quiet)?.value)
  return holdings.every((own) => own.pool !== pool || JSON.stringify(own.definition) === definition)
}

/** A wish is answered at once. A key that is gone may be of an address that was granted: whether one is lent is a question of this host's files. */
function askedOfSingles(changes: readonly Changed[], pool: string, viewer: Viewer): Asked | undefined {
  const pools = new Set([pool])
  if (changes.some(({ entry }) => entry && isWish(entry, viewer)))
    return { duties: { grant: pools, takeBack: pools }, within: 0 }
  const isGone = changes.some(({ entry }) => !entry)
  return isGone ? { duties: { takeBack: pools }, within: 1000 } : undefined
}

/** Most of thousands are other hosts': their texts do not have our name. */
function isWish(entry: Entry, { host }: Viewer): boolean {
  if (!entry.value.includes(host)) return false
  const value = known(singleSchema, entry, quiet)?.value
  return value?.state === 'asked' && value.owner === host
}
