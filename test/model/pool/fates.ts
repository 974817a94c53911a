/** What befalls hosts and the store. */

import { after, restored } from '../../harness/memory-store.ts'
import type { Choice, Event } from './events.ts'
import { blocksIn, excusing, forgotten } from './excuses.ts'
import { type Left, type Machine, type Network, spend, type World, withMachine } from './world.ts'

type Fated = Extract<
  Event,
  { machine: string; kind: 'cut' | 'joined' | 'death' | 'reinstall' | 'clone' | 'memory lost' }
>['kind']

export function fatesOf(world: World, at: number): Choice[] {
  const machine = world.machines[at] as Machine
  const { id, isOn, isCut, networks } = machine
  if (!isOn || networks.length === 0) return []
  const fate = (kind: Fated, count: keyof Left | undefined, make: () => World): Choice[] =>
    count && world.left[count] === 0
      ? []
      : [
          {
            kind,
            make: () => ({ event: { kind, machine: id }, world: count ? spend(make(), count) : make() }),
          },
        ]
  const becomes = (after: Machine) => () => withMachine(world, at, after)
  return [
    ...(isCut
      ? fate('joined', undefined, becomes({ ...machine, isCut: false }))
      : fate('cut', 'cuts', becomes({ ...machine, isCut: true }))),
    ...fate('death', 'deaths', becomes({ ...ended(machine), isOn: false })),
    ...fate('reinstall', 'reinstalls', becomes(reinstalled(machine))),
    ...fate('clone', 'clones', () => withClone(world, machine)),
    ...fate('memory lost', 'memories', becomes(forgetful(machine))),
  ]
}

/** Its protocols and containers end with it. */
function ended(machine: Machine): Machine {
  return { ...machine, running: [], networks: machine.networks.map(empty) }
}

function empty(network: Network): Network {
  return { ...network, given: [], lent: [] }
}

/** An empty disk, and the same name. */
function reinstalled({ id, name, networks }: Machine): Machine {
  const anew = networks.map(({ network }) => ({ network, given: [], lent: [] }))
  return { id: `${id}2`, name, isOn: true, isCut: false, networks: anew, running: [], begun: 0 }
}

/** host.json is lost; what runs had read it. */
function forgetful({ memory: _, ...machine }: Machine): Machine {
  return { ...machine, running: [] }
}

/** A copy of the whole disk; the containers stay with the first. What its files name may be given twice. */
function withClone(world: World, machine: Machine): World {
  const copy = { ...ended(machine), id: `${machine.id}copy` }
  return { ...world, machines: [...world.machines, copy], excused: excusing(world, blocksIn(machine)) }
}

/** What was sent arrives, in any order. */
export function arrivalsOf(world: World): Choice[] {
  return world.late.map((one, at) => ({
    kind: 'arrival',
    make: () => {
      const [store, answer] = after(world.store, one.transaction)
      const late = world.late.filter((_, other) => other !== at)
      const event: Event = { kind: 'arrival', sender: one.sender, step: one.transaction, answer }
      return { event, world: { ...world, store, late } }
    },
  }))
}

export function backupsOf(world: World): Choice[] {
  const { store, backup, left } = world
  const replace = (kind: 'restore' | 'copy', count: keyof Left, make: () => World): Choice => ({
    kind,
    make: () => ({ event: { kind }, world: spend(make(), count) }),
  })
  const choices: Choice[] = []
  if (left.backups > 0)
    choices.push({
      kind: 'backup',
      make: () => ({ event: { kind: 'backup' }, world: { ...spend(world, 'backups'), backup: store } }),
    })
  if (backup && left.restores > 0)
    choices.push(replace('restore', 'restores', () => ({ ...world, store: restored(backup) })))
  if (backup && left.copies > 0)
    choices.push(
      replace('copy', 'copies', () => ({
        ...world,
        store: backup,
        excused: excusing(world, forgotten(world)),
      })),
    )
  return choices
}
