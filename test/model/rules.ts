/** What must be true in every world. Each rule returns a sentence about what is wrong. */

import { type Call, type Outcome, recordOf } from './calls.ts'
import { identityOf } from './disk.ts'
import { type Event, rivalsOf } from './events.ts'
import { indexIsWrong } from './index-rule.ts'
import type { Product } from './load.ts'
import { recordIn, recordsIn } from './records.ts'
import { restIsWrong } from './rest-rule.ts'
import type { Bounds, World } from './world.ts'

/** Looks at a world and at the event that made it from the world before. */
export type Rules = (before: World, event: Event, world: World) => string | undefined

export function rulesOf(product: Product, bounds: Bounds): Rules {
  const index = once(
    (world) => indexIsWrong(product, bounds, world.disk),
    ({ disk }) => String(identityOf(disk)),
  )
  const rest = once(
    (world) => restIsWrong(product, bounds, world),
    ({ disk, containers }) => `${identityOf(disk)} ${JSON.stringify([...containers])}`,
  )
  const broken = (world: World) =>
    incompleteRecord(world, bounds) ??
    lostAddress(world) ??
    leftAddress(world) ??
    index(world) ??
    (world.running.length === 0 ? rest(world) : undefined)
  const isSame = (before: World, world: World) =>
    before.disk === world.disk && before.containers === world.containers
  return (before, event, world) =>
    wrongAnswer(before, event, bounds) ?? (isSame(before, world) ? undefined : broken(world))
}

/** Looks once at all worlds that have the same key. */
function once(look: (world: World) => string | undefined, keyOf: (world: World) => string) {
  const known = new Map<string, string | undefined>()
  return (world: World) => {
    const key = keyOf(world)
    if (!known.has(key)) known.set(key, look(world))
    return known.get(key)
  }
}

/** Only ADD may fail: when others may have all addresses of a set. */
function wrongAnswer(before: World, event: Event, { network }: Bounds): string | undefined {
  if (!('outcome' in event && event.outcome && 'message' in event.outcome)) return undefined
  const { call, outcome } = event
  const rivals = before.running.find((one) => one.call === call)?.rivals ?? rivalsOf(before, call)
  const capacity = Math.min(...network.sets.map(({ addresses }) => addresses.length))
  const isFull = outcome.code === 11 && rivals.length >= capacity
  return call.verb.endsWith('ADD') && isFull ? undefined : failure(call, outcome)
}

function failure({ verb, container }: Call, { message }: Extract<Outcome, { message: string }>): string {
  return `${verb} ${container} fails: ${message}`
}

/** Only the reference leaves records empty, when it is killed, and a power loss those that were not synced. */
function incompleteRecord(world: World, { verbs, containers, losses }: Bounds): string | undefined {
  const complete = containers.flatMap((name) => [recordOf(name), recordOf(`sticky:${name}`)])
  if (verbs.includes('reference ADD') || losses.includes('emptied')) complete.push('')
  if (losses.includes('zeroed')) complete.push(...complete.map((record) => '\0'.repeat(record.length)))
  const found = recordsIn(world.disk).find(
    (address) => !complete.includes(recordIn(world.disk, address) ?? ''),
  )
  return found && `the record of ${found} is ${JSON.stringify(recordIn(world.disk, found))}`
}

/** An attached container has its addresses; so no two have the same. */
function lostAddress(world: World): string | undefined {
  for (const [name, { state, addresses }] of world.containers)
    for (const address of state === 'attached' ? addresses : []) {
      const record = recordIn(world.disk, address)
      if (record !== recordOf(name))
        return `${name} has ${address}, whose record is ${JSON.stringify(record) ?? 'gone'}`
    }
  return undefined
}

/** After DEL, and after an ADD that failed, a container has no address. */
function leftAddress(world: World): string | undefined {
  for (const [name, { state }] of world.containers) {
    const left =
      state === 'absent' &&
      recordsIn(world.disk).find((address) => recordIn(world.disk, address) === recordOf(name))
    if (left) return `${name} is gone and still has ${left}`
  }
  return undefined
}
