/** Walks through all worlds that can be reached within bounds, nearest first, until a rule is broken. */

import { type Outcome, programsOf } from './calls.ts'
import { type Begin, type Event, happenings, type Programs } from './events.ts'
import type { Product } from './load.ts'
import { begin, type Moment } from './process.ts'
import { rulesOf } from './rules.ts'
import { storyOf } from './story.ts'
import { type Bounds, firstWorld, formatWorld, type World } from './world.ts'

export interface Walked {
  /** Different worlds, and events between them. */
  worlds: number
  events: number
  /** The first broken rule, and how it came about. */
  broken?: { rule: string; story: string[] }
}

/** A world and how it was reached. */
interface Reached {
  world: World
  event?: Event
  from?: Reached
}

export function walk(product: Product, bounds: Bounds): Walked {
  const rules = rulesOf(product, bounds)
  const programs = programsOf(product, bounds.network)
  const beginCall = beginnings(programs)
  const seen = new Set<string>()
  let level: Reached[] = [{ world: firstWorld(bounds) }]
  let events = 0
  while (level.length > 0) {
    const next: Reached[] = []
    for (const reached of level) {
      const found = happenings(reached.world, bounds, beginCall, programs)
      for (const { event, world } of found) {
        events++
        const key = formatWorld(world)
        const isNew = !seen.has(key)
        if (!isNew && !('outcome' in event)) continue // an answer can be wrong in a known world, too
        seen.add(key)
        const rule = rules(reached.world, event, world)
        const here = { world, event, from: reached }
        if (rule) return { worlds: seen.size, events, broken: { rule, story: storyOf(pathTo(here)) } }
        if (isNew) next.push(here)
      }
      const isStuck = reached.world.running.length > 0 && !found.some(({ event }) => event.kind === 'step')
      if (isStuck)
        return {
          worlds: seen.size,
          events,
          broken: { rule: 'no call can go on', story: storyOf(pathTo(reached)) },
        }
    }
    level = next
  }
  return { worlds: seen.size, events }
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

function pathTo(reached: Reached): Event[] {
  const events: Event[] = []
  for (let at: Reached | undefined = reached; at; at = at.from) if (at.event) events.push(at.event)
  return events.reverse()
}
