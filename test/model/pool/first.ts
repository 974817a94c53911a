/** The first world of a walk: a store with a pool, and hosts that have entered it. */

import { parseCidr } from '../../../shared/ip/subnet.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import type { BlockValue, Epoch } from '../../../shared/store/values.ts'
import { blocksOf } from './addresses.ts'
import { common, definitionOf, keys, poolName } from './names.ts'
import { mirror } from './numbers.ts'
import type { Begin, Work } from './protocols.ts'
import { runWhole } from './settle.ts'
import type { Bounds, Machine, World } from './world.ts'

/** High enough that a restore begins a shorter raft log. */
const first = { revision: 100, index: 150 }

export const firstEpoch = common(2)

export function firstWorld(bounds: Bounds, begin: Begin): World {
  const machines = bounds.hosts.map(({ id, networks }) => machineOf(id, networks))
  if (bounds.works.some(isOperators)) machines.push(operator)
  const entries = [entry(keys.epoch, epochOf()), entry(keys.pool(poolName), definitionOf(bounds))]
  if (bounds.isFirstTaken) entries.push(takenBlock(bounds))
  entries.sort((one, other) => (one.key < other.key ? -1 : 1))
  const world: World = {
    store: { ...first, entries },
    late: [],
    machines,
    excused: [],
    left: bounds.left,
  }
  return allEntered(world, begin)
}

function entry(key: string, value: object): Entry {
  return { key, value: JSON.stringify(value), created: first.revision, modified: first.revision }
}

function takenBlock({ subnet, blockSize }: Bounds): Entry {
  const [block = ''] = blocksOf(subnet, blockSize)
  const address = parseCidr(block)?.address ?? { family: 4, value: 0n }
  const value: BlockValue = { block, host: 'absent', id: common(4), network: 'net', since: 'now' }
  return entry(keys.block(poolName, address), value)
}

function epochOf(): Epoch {
  return {
    store: common(1),
    id: firstEpoch,
    offset: first.index - first.revision,
    state: 'open',
    since: 'now',
  }
}

function isOperators(kind: Work['kind']): boolean {
  return ['release', 'release what is left', 'recover', 'shrink', 'delete'].includes(kind)
}

/** The operator's command line, on some host that does not fail. */
export const operator: Machine = machineOf('operator', [])

function machineOf(id: string, networks: readonly string[]): Machine {
  return {
    id,
    name: id,
    isOn: true,
    isCut: false,
    networks: networks.map((network) => ({ network, given: [], lent: [] })),
    running: [],
    begun: 0,
  }
}

/** The first two hosts enter at one revision, so that they are each other's mirror image. */
function allEntered(world: World, begin: Begin): World {
  const settling = { world, begin }
  runWhole(settling, 0, { kind: 'enter' })
  const [one, two, ...others] = settling.world.machines
  if (!one || !two) return settling.world
  const isAlike = JSON.stringify(two.networks) === JSON.stringify(world.machines[0]?.networks)
  if (isAlike) {
    const { store } = settling.world
    const image = store.entries
      .filter(({ key }) => key === keys.host(one.name))
      .map((entry) => JSON.parse(mirror(JSON.stringify(entry))) as Entry)
    const entries = [...store.entries, ...image].sort((a, b) => (a.key < b.key ? -1 : 1))
    const machines = [one, JSON.parse(mirror(JSON.stringify(one))) as Machine, ...others]
    settling.world = { ...settling.world, store: { ...store, entries }, machines }
  }
  for (const at of settling.world.machines.keys())
    if (at > (isAlike ? 1 : 0) && settling.world.machines[at] !== operator)
      runWhole(settling, at, { kind: 'enter' })
  return settling.world
}
