/** Goes through all worlds that can be reached from a first one, nearest first, until a rule is broken. */

export interface Walked {
  /** Different worlds, and events between them. */
  worlds: number
  events: number
  /** The first broken rule, and how it came about. */
  broken?: { rule: string; story: string[] }
}

/** What is explored. */
export interface Field<World, Event> {
  first: World
  happenings(world: World): { event: Event; world: World }[]
  /** The same for worlds with the same future. */
  keyOf(world: World): string
  /** Looks at a world that is new, or at an event that `isAnswer`. @returns a sentence about what is wrong */
  ruleOf(before: World, event: Event, world: World): string | undefined
  /** Whether the event can be wrong although it leads to a known world. */
  isAnswer(event: Event): boolean
  /** Why nothing that runs can go on. */
  stuck(world: World, events: readonly Event[]): string | undefined
  storyOf(events: readonly Event[]): string[]
}

/** A world and how it was reached. */
interface Reached<World, Event> {
  world: World
  event?: Event
  from?: Reached<World, Event>
}

export function explore<World, Event>(field: Field<World, Event>): Walked {
  const seen = new Set<string>()
  let level: Reached<World, Event>[] = [{ world: field.first }]
  let events = 0
  const broken = (rule: string, at: Reached<World, Event>): Walked => ({
    worlds: seen.size,
    events,
    broken: { rule, story: field.storyOf(pathTo(at)) },
  })
  while (level.length > 0) {
    const next: Reached<World, Event>[] = []
    for (const reached of level) {
      const found = field.happenings(reached.world)
      for (const { event, world } of found) {
        events++
        const key = field.keyOf(world)
        const isNew = !seen.has(key)
        if (!isNew && !field.isAnswer(event)) continue
        seen.add(key)
        const here = { world, event, from: reached }
        const rule = field.ruleOf(reached.world, event, world)
        if (rule) return broken(rule, here)
        if (isNew) next.push(here)
      }
      const stuck = field.stuck(
        reached.world,
        found.map(({ event }) => event),
      )
      if (stuck) return broken(stuck, reached)
    }
    level = next
  }
  return { worlds: seen.size, events }
}

function pathTo<World, Event>(reached: Reached<World, Event>): Event[] {
  const events: Event[] = []
  for (let at: Reached<World, Event> | undefined = reached; at; at = at.from)
    if (at.event) events.push(at.event)
  return events.reverse()
}
