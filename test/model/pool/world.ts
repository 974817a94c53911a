/** A state of the model: the store, its backup, what was sent to it and has not arrived, the hosts, and what may still happen. */

import type { Holdings, HostMemory } from '../../../shared/store/memory.ts'
import type { Step } from '../../../shared/store/protocol.ts'
import type { State as Store } from '../../harness/memory-store.ts'
import type { Moment } from './moment.ts'
import { mirror, numbering, numbersOf, numbersOfBoth } from './numbers.ts'
import type { Outcome, Work } from './protocols.ts'

export type Transaction = Extract<Step, { kind: 'transact' }>

/** A network of a host: its file, and host-local's records. */
export interface Network {
  network: string
  /** Absent until its first block is noted. */
  holdings?: Holdings
  /** Addresses that containers have. */
  given: readonly string[]
  /** Addresses that are reserved for other hosts: `10.0.0.1 pool:B`. */
  lent: readonly string[]
}

export interface Running {
  work: Work
  moment: Moment<Outcome>
}

/** A host: its disk, its containers, and the protocols that run: one under its lock, and one of the agent beside it. One without networks is the operator's. */
export interface Machine {
  /** Its own; a copied machine has the name of the first, and another of these. */
  id: string
  /** In the store. */
  name: string
  isOn: boolean
  isCut: boolean
  /** Absent when the file is lost or was never there. */
  memory?: HostMemory
  networks: readonly Network[]
  running: readonly Running[]
  /** How many protocols it has begun: random texts come of it. */
  begun: number
}

/** A transaction that was sent, and whose sender has no answer. It arrives at any time, or never. */
export interface Late {
  sender: string
  transaction: Transaction
}

/** How often something may still happen. */
export interface Left {
  works: number
  crashes: number
  /** Answers that do not come. */
  lost: number
  adds: number
  backups: number
  /** Restores with a new raft log, and copies of the data directory. */
  restores: number
  copies: number
  /** Hosts that end for ever. */
  deaths: number
  cuts: number
  /** Hosts that are installed anew under their name. */
  reinstalls: number
  /** Hosts of which the disk is copied to another one. */
  clones: number
  /** Losses of host.json. */
  memories: number
  /** Answers of a member of which revision and index do not belong together. */
  skews: number
}

export interface World {
  store: Store
  backup?: Store
  late: readonly Late[]
  machines: readonly Machine[]
  /** Blocks that two hosts may hold: the operator was told so (docs/pool.md). */
  excused: readonly string[]
  left: Left
}

/** What a walk covers. */
export interface Bounds {
  hosts: readonly { id: string; networks: readonly string[] }[]
  /** The pool's addresses: a range, and the prefix length of a block. */
  subnet: string
  blockSize: number
  /** What hosts begin by themselves, and the operator. */
  works: readonly Work['kind'][]
  /** Whether a host that never comes has the first block. */
  isFirstTaken: boolean
  /** Whether the operator may release a host that lives and has blocks. */
  releasesLiving: boolean
  /** Where searches for a free block begin, as numbers of blocks. */
  starts: readonly number[]
  left: Left
}

const numbersOfStore = numbering<Store>(({ revision, index, entries }) => {
  const text = (keys: readonly string[]) => JSON.stringify([revision, index, keys])
  const own = entries.map((entry) => JSON.stringify(entry))
  // The order of the keys changes with the names in them.
  return [numbersOf(text(own.toSorted()))[0], numbersOf(text(own.map(mirror).toSorted()))[0]]
})

const numbersOfLate = numbering<Late>((late) => numbersOf(JSON.stringify(late)))

const numbersOfMachine = numbering<Machine>(({ running, ...disk }) =>
  running.reduce(
    (numbers, { moment }) => numbersOfBoth(numbers, moment.numbers),
    numbersOf(JSON.stringify(disk)),
  ),
)

/** A text that is the same for worlds with the same future. */
export function formatWorld(world: World): string {
  return format(world, Object.values(world.left).join(' '))
}

/** The same for a world in which nothing more may happen by itself. */
export function formatAtRest(world: World): string {
  return format({ ...world, backup: undefined }, '')
}

function format(world: World, left: string): string {
  const [own, image] = [formatAs(world, 0), formatAs(world, 1)]
  return `${own < image ? own : image} ${left}`
}

/** @param which the world itself, or its mirror image */
function formatAs({ store, backup, late, machines, excused }: World, which: 0 | 1): string {
  const [first, second, ...others] = machines.map((machine) => numbersOfMachine(machine)[which])
  return [
    numbersOfStore(store)[which],
    backup ? numbersOfStore(backup)[which] : '',
    late.map((one) => numbersOfLate(one)[which]).sort(),
    which === 0 ? [first, second, others] : [second, first, others],
    excused,
  ].join(' ')
}

/** One less of something is left. */
export function spend(world: World, what: keyof Left): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } }
}

export function withMachine(world: World, at: number, machine: Machine): World {
  return { ...world, machines: world.machines.map((one, other) => (other === at ? machine : one)) }
}
