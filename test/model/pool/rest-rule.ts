/** The rule of a world at rest, when no protocol runs: hosts enter without faults, and then nothing is lost, and all can be claimed. */

import type { Holdings } from '../../../shared/store/memory.ts'
import type { PoolDefinition } from '../../../shared/store/pool.ts'
import type { BlockValue } from '../../../shared/store/values.ts'
import { after } from '../../harness/memory-store.ts'
import { blocksOf } from './addresses.ts'
import { operator } from './first.ts'
import { keys, poolName } from './names.ts'
import type { Model, Work } from './protocols.ts'
import { isExpected, storedAt } from './rules.ts'
import { machineAt, replace, runWhole, type Settling } from './settle.ts'
import { formatAtRest, type Machine, type World } from './world.ts'

/** Looks once at worlds that settle alike. */
export function restRule(model: Model): (world: World) => string | undefined {
  const known = new Map<string, string | undefined>()
  return (world) => {
    if (world.machines.some(({ running }) => running.length > 0)) return undefined
    const key = formatAtRest(world)
    if (!known.has(key)) known.set(key, restIsWrong(world, model))
    return known.get(key)
  }
}

/** What was sent never arrives, or all of it does. */
function restIsWrong(world: World, model: Model): string | undefined {
  const arrived = world.late.reduce((store, { transaction }) => after(store, transaction)[0], world.store)
  return (
    settledIsWrong(world, world.store, model) ??
    (world.late.length > 0 ? settledIsWrong(world, arrived, model) : undefined)
  )
}

function settledIsWrong(world: World, store: World['store'], { begin }: Model): string | undefined {
  const joined = hostsOf(world).map((machine) => ({ ...machine, isCut: false }))
  const machines = [...joined, operator]
  const settling: Settling = { world: { ...world, store, late: [], machines }, begin }
  const wrong =
    releaseEnded(settling) ??
    enterAll(settling) ??
    operate(settling, { kind: 'recover' }) ??
    enterAll(settling) ??
    releaseLeft(settling) ??
    lost(settling.world) ??
    leave(settling) ??
    claimAll(settling)
  return wrong && `at rest: ${wrong}`
}

function hostsOf({ machines }: World): Machine[] {
  return machines.filter(({ networks }) => networks.length > 0)
}

function operate(settling: Settling, work: Work): string | undefined {
  const ended = runWhole(settling, settling.world.machines.length - 1, work)
  return 'result' in ended ? undefined : `${work.kind} does not end well`
}

function living({ world }: Settling): number[] {
  return [...world.machines.keys()].filter((at) => {
    const { isOn, networks } = world.machines[at] as Machine
    return isOn && networks.length > 0
  })
}

/** The operator releases hosts that have ended, if no other has their name. */
function releaseEnded(settling: Settling): string | undefined {
  const { machines } = settling.world
  for (const { isOn, name } of machines) {
    if (isOn || machines.some((one) => one.isOn && one.name === name)) continue
    const wrong = operate(settling, { kind: 'release', host: name })
    if (wrong) return wrong
  }
  return undefined
}

/** The operator does what `pool check` says of keys that earlier installations have left. */
function releaseLeft(settling: Settling): string | undefined {
  for (const name of new Set(hostsOf(settling.world).map(({ name }) => name))) {
    const wrong = operate(settling, { kind: 'release what is left', host: name })
    if (wrong) return wrong
  }
  return undefined
}

/** Twice: what one host gives back, another may wait for. The operator helps where the error says so. */
function enterAll(settling: Settling): string | undefined {
  for (const at of [...living(settling), ...living(settling)]) {
    if (!machineAt(settling, at).isOn) continue
    const wrong = enterAt(settling, at, 3)
    if (wrong) return wrong
  }
  return undefined
}

function enterAt(settling: Settling, at: number, tries: number): string | undefined {
  const machine = machineAt(settling, at)
  const ended = runWhole(settling, at, { kind: isCopied(settling, machine) ? 'beat' : 'enter' })
  if ('result' in ended) return undefined
  const wrong = 'wrong' in ended ? ended.wrong : `${machine.id} cannot enter: ${ended.error.stack}`
  if ('wrong' in ended || !isExpected(ended.error) || tries === 0) return wrong
  const { message } = ended.error
  if (message.includes('has the identity of')) {
    if (isCopied(settling, machine)) return wipe(settling, at)
    const { memory: _, ...rest } = machineAt(settling, at)
    replace(settling, at, rest)
    return enterAt(settling, at, tries - 1)
  }
  if (message.includes("is another host's"))
    return operate(settling, { kind: 'release', host: machine.name }) ?? enterAt(settling, at, tries - 1)
  return enterAt(settling, at, tries - 1)
}

/** Two hosts with one identity: the first that writes goes on. */
function isCopied({ world }: Settling, { id, memory }: Machine): boolean {
  return world.machines.some((one) => one.isOn && one.id !== id && one.memory && one.memory.id === memory?.id)
}

/** Of two hosts with one identity the first that notices is emptied; the other's host.json is removed. */
function wipe(settling: Settling, at: number): undefined {
  const { networks, ...machine } = machineAt(settling, at)
  const emptied = networks.map(({ network }) => ({ network, given: [], lent: [] }))
  replace(settling, at, { ...machine, isOn: false, networks: emptied })
}

/** Each key belongs to a host that holds the block, and each block that a host holds has its key. */
function lost({ store, machines, excused }: World): string | undefined {
  const entries = store.entries.filter(({ key }) => key.startsWith(keys.blocks()))
  const values = entries.map(({ value, modified }) => ({ ...(JSON.parse(value) as BlockValue), modified }))
  const living = machines.filter(({ isOn }) => isOn)
  for (const { block, host, id, network, modified } of values) {
    if (host === 'absent') continue
    const holder = living.find(({ memory }) => memory?.id === id)
    const holdings = holder?.networks.find((one) => one.network === network)?.holdings
    const held = holdings?.blocks.find((one) => one.block === block)
    if (held?.state !== 'held')
      return `${block} is lost: its key names ${host}, which calls it ${held?.state}`
    if (held.modified !== modified) return `${host} knows another revision of ${block}: ${held.modified}`
  }
  for (const { id, memory, networks } of living)
    for (const { holdings } of networks)
      for (const { block, state } of holdings?.blocks ?? []) {
        const value = values.find((one) => one.block === block)
        if (state === 'held' && value?.id === memory?.id) continue
        if (!excused.includes(block)) return `${id} calls ${block} ${state}, whose key names ${value?.host}`
      }
  return undefined
}

/** When all containers have ended, all addresses of others go back, then all blocks. */
function leave(settling: Settling): string | undefined {
  for (const at of living(settling)) {
    const machine = machineAt(settling, at)
    replace(settling, at, { ...machine, networks: machine.networks.map((one) => ({ ...one, given: [] })) })
  }
  const wrong =
    giveAllBack(settling, ({ singles }) => singles.map(({ address }) => address)) ??
    takeAllBack(settling) ??
    giveAllBack(settling, ({ blocks }) => blocks.map(({ block }) => block))
  const left = settling.world.store.entries.find(
    ({ key, value }) =>
      !value.includes('"absent"') && [keys.blocks(), keys.singles()].some((one) => key.startsWith(one)),
  )
  return wrong ?? (left && `${left.key} is left when all hosts have given back what they hold`)
}

function giveAllBack(settling: Settling, partsOf: (holdings: Holdings) => string[]): string | undefined {
  for (const at of living(settling)) {
    const { id, networks } = machineAt(settling, at)
    for (const { network, holdings } of networks)
      for (const part of holdings ? partsOf(holdings) : []) {
        const ended = runWhole(settling, at, { kind: 'give back', network, part })
        if (!('result' in ended)) return `${id} cannot give ${part} back: ${JSON.stringify(ended)}`
      }
  }
  return undefined
}

function takeAllBack(settling: Settling): string | undefined {
  for (const at of living(settling)) {
    if (machineAt(settling, at).networks.every(({ lent }) => lent.length === 0)) continue
    runWhole(settling, at, { kind: 'take back' })
    const kept = machineAt(settling, at).networks.find(({ lent }) => lent.length > 0)
    if (kept) return `${machineAt(settling, at).id} still keeps ${kept.lent}`
  }
  return undefined
}

/** One host can claim the whole pool, as it is now. */
function claimAll(settling: Settling): string | undefined {
  const [at] = living(settling)
  const pool = storedAt<PoolDefinition>(settling.world.store, keys.pool(poolName))
  if (at === undefined || !pool || pool.closing) return undefined
  const network = machineAt(settling, at).networks[0]?.network ?? ''
  const isTaken = settling.world.store.entries.some(({ value }) => value.includes('"absent"'))
  const blocks = pool.ranges
    .flatMap(({ subnet }) => blocksOf(subnet, pool.blockSize.ipv4))
    .slice(isTaken ? 1 : 0)
  for (const _ of blocks) {
    const ended = runWhole(settling, at, { kind: 'claim', network, start: 0 })
    if (!('result' in ended)) return `a claim fails: ${'error' in ended ? ended.error.stack : ended.wrong}`
  }
  const held = machineAt(settling, at).networks[0]?.holdings?.blocks.filter(({ state }) => state === 'held')
  return held?.length === blocks.length ? undefined : `${held?.length} blocks of ${blocks.length} are claimed`
}
