/** What can happen next in a world of hosts and a store. */

import type { Answer, Step } from '../../../shared/store/protocol.ts'
import { beginsOf, containersOf } from './begins.ts'
import { arrivalsOf, backupsOf, fatesOf } from './fates.ts'
import type { Model, Outcome, Work } from './protocols.ts'
import { stepsOf } from './steps.ts'
import type { World } from './world.ts'

export type Event =
  | { kind: 'begin'; machine: string; work: Work }
  | {
      kind: 'step'
      machine: string
      work: Work
      step: Step
      answer?: Answer | undefined
      fate: Fate
      end?: { result: Outcome } | { error: Error } | undefined
    }
  | { kind: 'crash'; machine: string; work: Work; step?: Step | undefined; isSent: boolean }
  | { kind: 'arrival'; sender: string; step: Step; answer: Answer }
  | { kind: 'add' | 'del'; machine: string; network: string; address: string }
  | { kind: 'backup' | 'restore' | 'copy' }
  | { kind: 'cut' | 'joined' | 'death' | 'reinstall' | 'clone' | 'memory lost'; machine: string }

/** `lost`: it was done, its answer did not come. `unsent`: no answer; it arrives later, or never. */
export type Fate = 'done' | 'lost' | 'unsent'

/** Something that can happen; `make` makes it. */
export interface Choice {
  /** `fault`: a step whose answer does not come. `skew`: one with numbers that do not belong together. */
  kind: Event['kind'] | 'fault' | 'skew'
  make(): { event: Event; world: World }
}

/** Everything that can happen next. */
export function choices(world: World, model: Model): Choice[] {
  // What a host writes for itself alone is of no interest to others: it comes first.
  const at = world.machines.findIndex(isPrivate)
  if (at >= 0) return stepsOf(world, at, model)
  return [
    ...[...world.machines.keys()].flatMap((at) => [
      ...stepsOf(world, at, model),
      ...beginsOf(world, at, model),
      ...containersOf(world, at),
      ...fatesOf(world, at),
    ]),
    ...arrivalsOf(world),
    ...backupsOf(world),
  ]
}

function isPrivate({ running }: World['machines'][number]): boolean {
  return running.some(({ moment }) => moment.next?.kind === 'remember')
}
