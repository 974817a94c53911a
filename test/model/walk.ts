/** Walks through all worlds of host-local that can be reached within bounds. */

import { type Outcome, programsOf } from './calls.ts'
import { type Begin, type Event, happenings, type Programs } from './events.ts'
import { explore, type Walked } from './explore.ts'
import type { Product } from './load.ts'
import { begin, type Moment } from './process.ts'
import { rulesOf } from './rules.ts'
import { storyOf } from './story.ts'
import { type Bounds, firstWorld, formatWorld, type World } from './world.ts'

export function walk(product: Product, bounds: Bounds): Walked {
  const programs = programsOf(product, bounds.network)
  const beginCall = beginnings(programs)
  return explore<World, Event>({
    first: firstWorld(bounds),
    happenings: (world) => happenings(world, bounds, beginCall, programs),
    keyOf: formatWorld,
    ruleOf: rulesOf(product, bounds),
    isAnswer: (event) => 'outcome' in event,
    stuck: ({ running }, events) =>
      running.length > 0 && !events.some(({ kind }) => kind === 'step') ? 'no call can go on' : undefined,
    storyOf,
  })
}

/** The same call begins with the same moment, so that its tree of histories is made once. */
function beginnings(programs: Programs): Begin {
  const known = new Map<string, Moment<Outcome>>()
  return (call, guess) => {
    const key = JSON.stringify(call)
    const moment = known.get(key) ?? begin(programs(call), guess)
    known.set(key, moment)
    return moment
  }
}
