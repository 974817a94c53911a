/** A long random run of many hosts with faults, by the events of the walk; what containers had is written down as a history. */

import { type Choice, choices, type Event } from '../events.ts'
import { firstWorld } from '../first.ts'
import type { Claims } from '../load.ts'
import { type Model, modelOf } from '../protocols.ts'
import { restRule } from '../rest-rule.ts'
import { rules } from '../rules.ts'
import { lineOf } from '../story.ts'
import type { Bounds, World } from '../world.ts'
import { type History, newHistory } from './possession.ts'
import { randomFrom } from './random.ts'

export interface Run {
  history: History
  /** How often each kind of event happened. */
  counts: Record<string, number>
  /** What is wrong, and the last events before it. */
  broken?: { rule: string; story: string[] }
}

/** How often a kind of event is chosen, beside the others that can happen. Faults that an operator answers for are left out. */
const weights: Record<Choice['kind'], number> = {
  step: 500,
  fault: 8,
  skew: 20,
  begin: 60,
  add: 40,
  del: 30,
  crash: 3,
  arrival: 10,
  cut: 1,
  joined: 5,
  backup: 1,
  restore: 0.3,
  death: 0.05,
  reinstall: 0.2,
  copy: 0,
  clone: 0,
  'memory lost': 0.2,
}

export function randomRun(
  claims: Claims,
  bounds: Bounds,
  { seed, events }: { seed: number; events: number },
): Run {
  const model = modelOf(claims, bounds)
  const random = randomFrom(seed)
  const history = newHistory()
  const counts: Record<string, number> = {}
  const story: string[] = []
  let world = firstWorld(bounds, model.begin)
  const wrong = (rule: string): Run => ({ history, counts, broken: { rule, story } })
  for (let time = 1; time <= events; time++) {
    const { event, world: after } = pick(world, model, random)
    counts[event.kind] = (counts[event.kind] ?? 0) + 1
    story.push(`${time} ${lineOf(event)}`)
    if (story.length > 200) story.shift()
    note(history, event, time)
    const rule = brokenRule(world, event, after)
    if (rule) return wrong(rule)
    world = after
  }
  const rule = restRule(model)(atRest(world))
  return rule ? wrong(rule) : { history, counts }
}

function pick(world: World, model: Model, random: (below: number) => number): { event: Event; world: World } {
  const all = choices(world, model)
  const kinds = [...new Set(all.map(({ kind }) => kind))]
  const total = kinds.reduce((sum, kind) => sum + weights[kind], 0)
  let left = (random(1e9) / 1e9) * total
  const kind = kinds.find((one) => {
    left -= weights[one]
    return left < 0
  })
  const some = all.filter((one) => one.kind === kind)
  const chosen = some[random(some.length)]
  if (!chosen) throw new Error('nothing can happen')
  return chosen.make()
}

function note(history: History, event: Event, time: number): void {
  if (event.kind === 'add' || event.kind === 'del') {
    const container = `${event.machine}/${event.network}/${event.address}`
    history[event.kind === 'add' ? 'given' : 'taken'](container, event.address, time)
  }
  if (event.kind === 'death' || event.kind === 'reinstall') history.ended(`${event.machine}/`, time)
}

function brokenRule(before: World, event: Event, after: World): string | undefined {
  for (const rule of rules) {
    const wrong = rule(before, event, after)
    if (wrong) return wrong
  }
  return undefined
}

/** All protocols are killed. */
function atRest(world: World): World {
  return { ...world, machines: world.machines.map((machine) => ({ ...machine, running: [] })) }
}
