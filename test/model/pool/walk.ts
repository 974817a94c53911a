/** Walks through all worlds of hosts and a store that can be reached within bounds. */

import { explore, type Walked } from '../explore.ts'
import { choices, type Event } from './events.ts'
import { firstWorld } from './first.ts'
import type { Claims } from './load.ts'
import { modelOf } from './protocols.ts'
import { restRule } from './rest-rule.ts'
import { rules } from './rules.ts'
import { storyOf } from './story.ts'
import { type Bounds, formatWorld, type World } from './world.ts'

export function walk(claims: Claims, bounds: Bounds): Walked {
  const model = modelOf(claims, bounds)
  const rest = restRule(model)
  return explore<World, Event>({
    first: firstWorld(bounds, model.begin),
    happenings: (world) => choices(world, model).map(({ make }) => make()),
    keyOf: formatWorld,
    ruleOf: (before, event, world) => {
      for (const rule of rules) {
        const wrong = rule(before, event, world)
        if (wrong) return wrong
      }
      return rest(world)
    },
    isAnswer: () => false,
    stuck: () => undefined,
    storyOf,
  })
}
