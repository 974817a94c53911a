/** What hosts and the operator begin, and what containers do on a host. */

import { addressesOf, blocksOf } from './addresses.ts'
import type { Choice } from './events.ts'
import { freeAddress, isTaken } from './machine.ts'
import { keys } from './names.ts'
import type { Model, Work } from './protocols.ts'
import { byKind } from './steps.ts'
import { type Machine, type Network, spend, type World, withMachine } from './world.ts'

export function beginsOf(world: World, at: number, { bounds, begin }: Model): Choice[] {
  const machine = world.machines[at] as Machine
  if (!machine.isOn || world.left.works === 0) return []
  const works = machine.networks.length === 0 ? operatorsWorks(world, bounds) : hostsWorks(machine, bounds)
  const wanted = works.filter((work) => bounds.works.includes(work.kind) && !isInTheWay(machine, work))
  return wanted.map((work) => ({
    kind: 'begin',
    make: () => {
      const running = [...machine.running, { work, moment: begin(machine, work) }].sort(byKind)
      const after = { ...machine, begun: machine.begun + 1, running }
      return {
        event: { kind: 'begin', machine: machine.id, work },
        world: spend(withMachine(world, at, after), 'works'),
      }
    },
  }))
}

/** One at a time has the host's lock; the agent answers others beside it, one at a time. */
function isInTheWay({ running }: Machine, work: Work): boolean {
  return running.some((one) => isBeside(one.work) === isBeside(work))
}

function isBeside({ kind }: Work): boolean {
  return kind === 'grant' || kind === 'take back'
}

function operatorsWorks(
  { machines, store }: World,
  { releasesLiving, subnet, blockSize }: Model['bounds'],
): Work[] {
  const isUsed = ({ isOn, networks }: Machine) =>
    isOn && networks.some(({ holdings }) => (holdings?.blocks.length ?? 0) > 0)
  const names = new Set(machines.flatMap(({ networks, name }) => (networks.length > 0 ? [name] : [])))
  const released = [...names].filter(
    (host) => releasesLiving || !machines.some((one) => one.name === host && isUsed(one)),
  )
  // The operator waits for hosts that joined after a backup, which no roll call has before they enter (docs/cluster.md).
  const isUnknown = ({ name }: Machine) => !store.entries.some(({ key }) => key === keys.host(name))
  const isComplete = !machines.some((one) => isUsed(one) && isUnknown(one))
  const [first = ''] = blocksOf(subnet, blockSize)
  return [
    ...(isComplete ? [{ kind: 'recover' } as const] : []),
    { kind: 'shrink', to: first, blockSize },
    { kind: 'resize', to: subnet, blockSize: blockSize - 1 },
    { kind: 'delete' },
    ...released.map((host): Work => ({ kind: 'release', host })),
    ...[...names].map((host): Work => ({ kind: 'release what is left', host })),
  ]
}

function hostsWorks({ networks }: Machine, { starts, subnet, blockSize }: Model['bounds']): Work[] {
  const all = blocksOf(subnet, blockSize).flatMap(addressesOf)
  const isLending = networks.some(({ lent }) => lent.length > 0)
  return [
    { kind: 'enter' },
    { kind: 'beat' },
    { kind: 'grant' },
    ...(isLending ? [{ kind: 'take back' } as const] : []),
    ...networks.flatMap((one): Work[] => {
      const { network, holdings } = one
      const wishes = (holdings?.singles ?? []).filter(({ state }) => state === 'claiming')
      return [
        ...starts.map((start): Work => ({ kind: 'claim', network, start })),
        ...emptyParts(one).map((part): Work => ({ kind: 'give back', network, part })),
        ...all.slice(0, 1).map((address): Work => ({ kind: 'wish', network, address })),
        ...wishes.map(({ address }): Work => ({ kind: 'conclude', network, address })),
      ]
    }),
  ]
}

function emptyParts(network: Network): string[] {
  const { blocks = [], singles = [] } = network.holdings ?? {}
  const free = (addresses: readonly string[]) => !addresses.some((address) => isTaken(network, address))
  return [
    ...blocks.flatMap(({ block }) => (free(addressesOf(block)) ? [block] : [])),
    ...singles.flatMap(({ address }) => (free([address]) ? [address] : [])),
  ]
}

/** Containers get the first free address of what the network's file calls held, and free it, at any time. */
export function containersOf(world: World, at: number): Choice[] {
  const machine = world.machines[at] as Machine
  if (!machine.isOn) return []
  return machine.networks.flatMap((network): Choice[] => {
    const free = world.left.adds > 0 ? freeAddress(network) : undefined
    const dels = network.given.map((address) => change(world, at, network, { kind: 'del', address }))
    return free ? [change(world, at, network, { kind: 'add', address: free }), ...dels] : dels
  })
}

function change(
  world: World,
  at: number,
  network: Network,
  { kind, address }: { kind: 'add' | 'del'; address: string },
): Choice {
  return {
    kind,
    make: () => {
      const machine = world.machines[at] as Machine
      const given =
        kind === 'add' ? [...network.given, address].sort() : network.given.filter((one) => one !== address)
      const networks = machine.networks.map((one) => (one === network ? { ...network, given } : one))
      const after = withMachine(world, at, { ...machine, networks })
      return {
        event: { kind, machine: machine.id, network: network.network, address },
        world: kind === 'add' ? spend(after, 'adds') : after,
      }
    },
  }
}
