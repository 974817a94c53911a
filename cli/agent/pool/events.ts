/** Which keys the pool part follows, and what their changes ask for. Other hosts' blocks are not followed: there are thousands. */

import { keyOf, partsOf } from '../../../shared/store/claims/notes.ts'
import { known } from '../../../shared/store/claims/value.ts'
import { allBelow, type Keys } from '../../../shared/store/keys.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { poolDefinition } from '../../../shared/store/pool.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import {
  block as blockSchema,
  epoch as epochSchema,
  single as singleSchema,
} from '../../../shared/store/values.ts'
import type { Duties } from './duties.ts'
import type { Span } from './followed.ts'

const one = (key: string): Span => ({ from: key, to: `${key}\0` })

/** By kind and name: `epoch`, `pool NAME`, `singles NAME`, `block KEY`. */
export function spansOf(keys: Keys, all: readonly Holdings[]): Map<string, Span> {
  const spans = new Map([['epoch', one(keys.epoch)]])
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
}

/** What is to be done, and within which time at random, milliseconds: many hosts see the same change. */
export interface Asked {
  duties: Partial<Duties>
  within: number
}

/** A value that is none of ours asks for nothing: what reads it reports it. */
const quiet = () => {}

/** @param name of a span @param entries all that it has now */
export function askedBy(name: string, entries: readonly Entry[], viewer: Viewer): Asked | undefined {
  const [kind = '', subject = ''] = name.split(' ')
  switch (kind) {
    case 'epoch': {
      const id = known(epochSchema, entries[0], quiet)?.value.id
      return id === viewer.epoch ? undefined : { duties: { enter: true }, within: 300 }
    }
    case 'pool':
      return isReadAs(entries[0], subject, viewer)
        ? undefined
        : { duties: { reread: new Set([subject]) }, within: 1000 }
    case 'block': {
      const isOurs = known(blockSchema, entries[0], quiet)?.value.id === viewer.id
      return isOurs ? undefined : { duties: { enter: true }, within: 300 }
    }
    default:
      return askedOfSingles(entries, subject, viewer)
  }
}

/** Whether all networks have the definition that the store has. */
function isReadAs(entry: Entry | undefined, pool: string, { holdings }: Viewer): boolean {
  const definition = JSON.stringify(known(poolDefinition, entry, quiet)?.value)
  return holdings.every((own) => own.pool !== pool || JSON.stringify(own.definition) === definition)
}

/** Each change may be that an address which was granted is free again: whether one is lent is a question of this host's files. */
function askedOfSingles(entries: readonly Entry[], pool: string, { host }: Viewer): Asked {
  const isAsked = entries.some((entry) => {
    const value = known(singleSchema, entry, quiet)?.value
    return value?.state === 'asked' && value.owner === host
  })
  const pools = new Set([pool])
  return { duties: { takeBack: pools, ...(isAsked && { grant: pools }) }, within: 0 }
}
