/** What hosts and the operator do in the model: the product's protocols, with what they are given at their start. */

import { type Address, parseAddress } from '../../../shared/ip/address.ts'
import { type Cidr, lastOf, networkOf, parseCidr } from '../../../shared/ip/subnet.ts'
import type { Usable } from '../../../shared/store/claims/blocks.ts'
import type { Wanted } from '../../../shared/store/claims/claim.ts'
import type { Host } from '../../../shared/store/claims/host.ts'
import type { HostMemory } from '../../../shared/store/memory.ts'
import type { PoolDefinition } from '../../../shared/store/pool.ts'
import type { Protocol, Reserving } from '../../../shared/store/protocol.ts'
import type { Claims } from './load.ts'
import { begin, type Moment } from './moment.ts'
import { dataDir, definitionOf, keys, poolName } from './names.ts'
import { origins, tokens } from './numbers.ts'
import type { Bounds, Machine } from './world.ts'

export type Work =
  | { kind: 'enter' }
  | { kind: 'claim'; network: string; start: number }
  | { kind: 'give back'; network: string; part: string }
  /** A wish for an address: its block is claimed, or its owner is asked. */
  | { kind: 'wish'; network: string; address: string }
  /** The end of the wait for the owner's answer. */
  | { kind: 'conclude'; network: string; address: string }
  /** The agent's beat. */
  | { kind: 'beat' }
  /** The agent answers other hosts. It runs beside the others, without the host's lock. */
  | { kind: 'grant' }
  | { kind: 'take back' }
  /** The operator's. */
  | { kind: 'release'; host: string }
  | { kind: 'release what is left'; host: string }
  | { kind: 'recover' }
  | { kind: 'shrink'; to: string; blockSize: number }
  | { kind: 'delete' }

/** What it says at its end. */
export type Outcome = string

export type Begin = (machine: Machine, work: Work) => Moment<Outcome>

/** What a walk needs of the product. */
export interface Model {
  bounds: Bounds
  begin: Begin
  /** What a step throws that has no answer. */
  away: Error
}

export function modelOf(claims: Claims, bounds: Bounds): Model {
  return { bounds, begin: beginnings(claims), away: new claims.StoreAway('no answer') }
}

/** The same work on the same disk begins with the same moment, so that its histories are run once. */
function beginnings(claims: Claims): Begin {
  const known = new Map<string, Moment<Outcome>>()
  return (machine, work) => {
    const { id, name, memory, networks, begun } = machine
    const text = JSON.stringify([
      id,
      name,
      memory,
      networks.map(({ holdings }) => holdings),
      lentOf(machine),
      begun,
      work,
    ])
    const moment =
      known.get(text) ?? begin(text, () => protocolOf(claims, hostOf(machine), work, lentOf(machine)))
    known.set(text, moment)
    return moment
  }
}

/** What is reserved for other hosts. */
function lentOf({ networks }: Machine): Reserving[] {
  return networks.flatMap(({ network, lent }) =>
    lent.map((record) => {
      const [address = '', holder = ''] = record.split(' ')
      return { dataDir, network, address, host: holder.replace('pool:', '') }
    }),
  )
}

/** A host as the protocols know it. Its random texts are the same each time that the protocol is run again. */
function hostOf(machine: Machine): Host {
  let made = 0
  const fresh = () => uuid(machine, machine.begun, ++made)
  return {
    keys,
    name: machine.name,
    memory: machine.memory ?? newMemory(machine),
    holdings: machine.networks.flatMap(({ holdings }) => holdings ?? []),
    now: 'now',
    version: '1',
    fresh,
    report: () => {},
  }
}

/** What a host without host.json begins with: the ID is in its networks' files, too. */
function newMemory(machine: Machine): HostMemory {
  const known = machine.networks.find(({ holdings }) => holdings)?.holdings?.id
  return { id: known ?? uuid(machine, machine.begun, 0), stores: [], dataDirs: [] }
}

/** A random ID of a machine. Those of copies and of each new installation differ in the fourth group. */
function uuid({ id }: Machine, begun: number, made: number): string {
  const at = tokens.findIndex((token) => id.startsWith(token))
  const origin = origins[at] ?? id.charCodeAt('host'.length).toString(16).padStart(8, '0')
  const kind = (0x8000 + id.length - tokens[0].length).toString(16)
  const last = `${begun}`.padStart(6, '0') + `${made}`.padStart(6, '0')
  return `${origin}-0000-4000-${kind}-${last}`
}

function wantedOf(network: string): Wanted {
  return { network, dataDir, pool: poolName, usable: usableOf }
}

/** Each address of the ranges. */
function usableOf({ ranges }: PoolDefinition): Usable[] {
  return ranges.map(({ subnet: text }) => {
    const subnet = parseCidr(text) as Cidr
    return { subnet, start: networkOf(subnet), end: lastOf(subnet) }
  })
}

function* protocolOf(claims: Claims, host: Host, work: Work, lent: readonly Reserving[]): Protocol<Outcome> {
  switch (work.kind) {
    case 'enter':
      yield* claims.enter(host)
      return 'entered'
    case 'beat':
      yield* claims.write(yield* claims.enter(host))
      return 'beaten'
    case 'grant':
      return `granted ${yield* claims.grantSingles(host, poolName)}`
    case 'take back':
      return `taken back ${(yield* claims.takeBack(host, poolName, lent)).length}`
    case 'release':
      return `released ${(yield* claims.releaseHost(host, work.host)).blocks.length}`
    case 'release what is left':
      return `released ${(yield* claims.releaseLeft(host, work.host)).blocks.length}`
    case 'recover':
      return (yield* claims.recover(host)).epoch?.value.state ?? 'no epoch'
    case 'shrink':
      yield* claims.changePool(host, poolName, definitionOf({ ...work, subnet: work.to }))
      return 'shrunk'
    case 'delete':
      return (yield* claims.deletePool(host, poolName)).deleted ? 'deleted' : 'closing'
    default:
      return yield* inNetwork(claims, host, work)
  }
}

type InNetwork = Extract<Work, { network: string }>

function* inNetwork(claims: Claims, host: Host, work: InNetwork): Protocol<Outcome> {
  const wanted = wantedOf(work.network)
  const session = yield* claims.enter(host, wanted)
  switch (work.kind) {
    case 'claim':
      return `claimed ${(yield* claims.claimBlock(session, wanted, 4, BigInt(work.start))).block}`
    case 'give back':
      return (yield* claims.giveBack(session, wanted, work.part)) ? 'given back' : 'in use'
    case 'wish': {
      const address = parseAddress(work.address) as Address
      const owned = yield* claims.claimBlockOf(session, wanted, address)
      if ('held' in owned) return `claimed ${owned.held.block}`
      yield* claims.askSingle(session, wanted, address, owned.owner)
      return 'asked'
    }
    case 'conclude': {
      const single = claims
        .holdingsOf(session, wanted)
        ?.singles.find(({ address }) => address === work.address)
      if (!single) return 'no wish'
      return `has ${(yield* claims.conclude(session, wanted, single)).address}`
    }
  }
}
