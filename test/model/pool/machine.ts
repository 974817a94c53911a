/** A host's disk: what the steps of protocols do to it, and what containers get. */

import type { Holdings } from '../../../shared/store/memory.ts'
import type { DiskAnswer, DiskStep, Reserving, Step } from '../../../shared/store/protocol.ts'
import { addressesOf } from './addresses.ts'
import type { Machine, Network } from './world.ts'

export function isOnDisk(step: Step): step is DiskStep {
  return step.kind !== 'status' && step.kind !== 'range' && step.kind !== 'transact'
}

type Done = { machine: Machine; answer: DiskAnswer }

const done = { done: true }

/** The host after a step. */
export function onDisk(machine: Machine, step: DiskStep): Done {
  if (step.kind === 'remember') return { machine: { ...machine, memory: step.memory }, answer: done }
  if (step.kind === 'hold') return { machine: held(machine, step.holdings), answer: done }
  if (step.kind === 'leave') return leave(machine, step)
  return step.kind === 'reserve' ? reserve(machine, step) : release(machine, step)
}

function held(machine: Machine, holdings: Holdings): Machine {
  return withNetwork(machine, holdings.network, (one) => ({ ...one, holdings }))
}

export function withNetwork(machine: Machine, name: string, change: (network: Network) => Network): Machine {
  const networks = machine.networks.map((one) => (one.network === name ? change(one) : one))
  return { ...machine, networks }
}

/** Under host-local's lock: no container gets an address of the part between look and change. */
function leave(machine: Machine, { holdings, part }: Extract<DiskStep, { kind: 'leave' }>): Done {
  const network = machine.networks.find((one) => one.network === holdings.network)
  const parts = part.includes('/') ? addressesOf(part) : [part]
  if (parts.some((address) => network && isTaken(network, address)))
    return { machine, answer: { done: false, reason: 'in use' } }
  return { machine: held(machine, holdings), answer: done }
}

export function isTaken({ given, lent }: Network, address: string): boolean {
  return given.includes(address) || lent.some((one) => one.startsWith(`${address} `))
}

function reserve(machine: Machine, { network, address, host }: Reserving): Done {
  const found = machine.networks.find((one) => one.network === network)
  const record = `${address} pool:${host}`
  if (found?.lent.includes(record)) return { machine, answer: done }
  if (!found || isTaken(found, address)) return { machine, answer: { done: false, reason: 'taken' } }
  const after = withNetwork(machine, network, (one) => ({ ...one, lent: [...one.lent, record].sort() }))
  return { machine: after, answer: done }
}

function release(machine: Machine, { network, address, host }: Reserving): Done {
  const record = `${address} pool:${host}`
  const without = (one: Network) => ({ ...one, lent: one.lent.filter((other) => other !== record) })
  return { machine: withNetwork(machine, network, without), answer: done }
}

/** What host-local gives: the first free address of what the network's file calls held. */
export function freeAddress(network: Network): string | undefined {
  const { blocks = [], singles = [] } = network.holdings ?? {}
  const isHeld = ({ state }: { state: string }) => state === 'held'
  const addresses = [
    ...blocks.filter(isHeld).flatMap(({ block }) => addressesOf(block)),
    ...singles.filter(isHeld).map(({ address }) => address),
  ]
  return addresses.find((address) => !isTaken(network, address))
}
