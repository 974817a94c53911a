/** One round trip for every kind of interface: ADD, read back, CHECK, break it, CHECK fails, DEL, ADD at once, DEL twice, nothing left. */

import * as assert from 'uvu/assert'
import { engineOfRow } from './by-node.ts'
import * as cnitool from './cnitool.ts'
import { refusal, unchanged } from './expect.ts'
import { isFullRun } from './full.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { addresses, inContainer, type Link, link } from './look.ts'
import { hostLocal } from './networks.ts'
import type { Configuration, Engine } from './plugin.ts'
import { type Snapshot, snapshot, snapshotOf } from './snapshot.ts'
import { test } from './test.ts'

/** A row of the table: the parameters of the round trip for one kind of interface. */
export interface Kind {
  /** The configuration, without its `ipam`. */
  config: Configuration
  /** Further plugins of the list, after that of `config`. */
  chain?: Configuration[]
  /** Values for `runtimeConfig`, for the plugins that declare the capability. */
  capabilities?: Record<string, unknown>
  /** Address ranges; none for a kind that has no addresses. */
  subnets?: string[]
  /** The interface never has addresses, so the oldest versions cannot express it. */
  addressless?: boolean
  /** The round trip is made in every version of the specification. */
  everyVersion?: boolean
  /** A name other than eth0. */
  ifname?: string
  /** Makes what ADD needs: a parent on the host, an interface in the container. */
  prepare?(container: Netns): void
  /** The attributes of the container's interface that the kernel must show. */
  expect(link: Link, container: Netns): void
  /** Faults that CHECK must notice: a sentence, and the action that makes the fault. */
  breaks: Record<string, (container: Netns, ifname: string) => void>
}

/** Faults that nearly every kind of interface can have. */
const breaks = {
  'an address is missing': (container, ifname) =>
    inContainer(container, `address flush dev ${ifname} scope global`),
  'the interface is down': (container, ifname) => inContainer(container, `link set ${ifname} down`),
  'the MTU is another': (container, ifname) => inContainer(container, `link set ${ifname} mtu 1300`),
  'the MAC address is another': (container, ifname) =>
    inContainer(container, `link set ${ifname} address 02:00:5e:00:00:01`),
  'the interface is gone': (container, ifname) => inContainer(container, `link delete ${ifname}`),
  'the interface is of another kind': (container, ifname) => {
    inContainer(container, `link delete ${ifname}`)
    inContainer(container, `link add ${ifname} type veth`)
  },
} satisfies Kind['breaks']

/** The usual faults with the given names. */
export function usual(...names: (keyof typeof breaks)[]): Kind['breaks'] {
  return Object.fromEntries(names.map((name) => [name, breaks[name]]))
}

/** The interface is up, of this kind and with this MTU. */
export function isUp(kind: string, mtu: number): (link: Link) => void {
  return ({ linkinfo, mtu: found, flags }) =>
    assert.equal([linkinfo?.info_kind, found, flags.includes('UP')], [kind, mtu, true])
}

export const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']

/** Versions that can express an attachment without addresses. */
const versionsWithoutAddresses = versions.filter((version) => version >= '0.3.0')

/** CHECK exists since 0.4.0; cnitool refuses it for earlier versions. */
export function hasCheck(version: string): boolean {
  return versions.indexOf(version) >= versions.indexOf('0.4.0')
}

/** How a trip is made: the version of the configuration and the engine of the executable. */
type Way = readonly [version: string, engine: Engine]

/** The versions that callers send today. */
function usualWays({ config }: Kind): readonly Way[] {
  return [
    ['1.1.0', 'quickjs'],
    ['1.0.0', engineOfRow(config.type)],
  ]
}

/** Every version on the QuickJS engine where the row asks for it; on both engines with `npm run test:full`. */
function waysOf(kind: Kind): readonly Way[] {
  const isFull = isFullRun()
  const { everyVersion, addressless } = kind
  if (!everyVersion && !isFull) return usualWays(kind)
  const sent = addressless ? versionsWithoutAddresses : versions
  const others = isFull ? sent.map((version) => [version, 'node'] as const) : usualWays(kind).slice(1)
  return [...sent.map((version) => [version, 'quickjs'] as const), ...others]
}

/** The tests of a row: the whole round trip in each way, and each fault that CHECK must notice. */
export function testRoundTrips(name: string, kind: Kind): void {
  for (const [version, engine] of waysOf(kind))
    test(`${name}, configured as ${version}, on the ${engine} engine: up and as configured, and DEL leaves nothing`, () =>
      roundTrip(kind, version, engine))

  for (const broken of Object.keys(kind.breaks))
    test(`${name}: CHECK notices that ${broken}, and DEL still cleans up`, async () => {
      await noticed(kind, broken)
    })
}

/** The whole round trip of one attachment. */
export function roundTrip(kind: Kind, version: string, engine: Engine = 'quickjs'): Promise<void> {
  return inPlace(kind, async (container) => {
    const [net, extras] = [networkOf(kind, version), { ...extrasOf(kind), engine }]
    await cnitool.add(net, container, extras)
    const { ifname = 'eth0' } = kind
    kind.expect(link(ifname, container), container)
    for (const subnet of kind.subnets ?? []) assertAddressOf(subnet, addresses(ifname, container))
    if (hasCheck(version)) await cnitool.check(net, container, extras)
    await cnitool.del(net, container, extras)
    // The kernel may still be freeing the interface: its names are free all the same.
    await cnitool.add(net, container, extras)
    await cnitool.del(net, container, extras)
    await cnitool.del(net, container, extras)
  })
}

/** CHECK succeeds, a fault is made, CHECK fails, and DEL still leaves nothing. @returns the answer of CHECK */
export function noticed(kind: Kind, broken: string): Promise<string> {
  return inPlace(kind, async (container) => {
    const [net, extras] = [networkOf(kind), extrasOf(kind)]
    await cnitool.add(net, container, extras)
    await cnitool.check(net, container, extras)
    kind.breaks[broken]?.(container, kind.ifname ?? 'eth0')
    const said = await refusal(cnitool.check(net, container, extras))
    await cnitool.del(net, container, extras)
    await cnitool.del(net, container, extras)
    return said
  })
}

/** Where the trips of a row happen, one directly after another: a container, and the host and the container before the first. */
interface Place {
  container: Netns
  before: Snapshot
}

/** Makes a trip that leaves nothing. After one that failed, the next has another container. */
async function inPlace<T>(kind: Kind, trip: (container: Netns) => Promise<T>): Promise<T> {
  const { container, before } = await placeOf(kind)
  try {
    const result = await trip(container)
    unchanged(before, () => look(container))
    return result
  } catch (error) {
    places.delete(kind)
    removeContainer(container)
    throw error
  }
}

const places = new Map<Kind, Promise<Place>>()

function placeOf(kind: Kind): Promise<Place> {
  const place = places.get(kind) ?? newPlace(kind)
  places.set(kind, place)
  return place
}

/** Another container comes first: its attachment makes what the network's containers share and DEL keeps, a bridge, tables, directories. */
async function newPlace(kind: Kind): Promise<Place> {
  const [net, extras] = [networkOf(kind), extrasOf(kind)]
  const first = preparedFor(kind)
  await cnitool.add(net, first, extras)
  await cnitool.del(net, first, extras)
  removeContainer(first)
  const container = preparedFor(kind)
  return { container, before: look(container) }
}

function preparedFor(kind: Kind): Netns {
  const container = newContainer()
  kind.prepare?.(container)
  return container
}

function networkOf({ config, chain = [], subnets }: Kind, version = '1.0.0'): cnitool.Network {
  const first = { ...config, ...(subnets && { ipam: hostLocal(...subnets) }) }
  return { cniVersion: version, name: 'trip', plugins: [first, ...chain] }
}

function extrasOf({ ifname, capabilities }: Kind): cnitool.Extras {
  return { ifname, capabilities }
}

function look({ name }: Netns): Snapshot {
  return [...snapshot(), ...snapshotOf(name)]
}

/** Whether one of the addresses is in a subnet, by the text before its last group. */
function assertAddressOf(subnet: string, found: string[]): void {
  const [network = '', prefix = ''] = subnet.split('/')
  const start = network.replace(/(\.0|::?)$/, '')
  const fitting = found.filter((cidr) => cidr.startsWith(start) && cidr.endsWith(`/${prefix}`))
  assert.is(fitting.length, 1, `one address of ${subnet} among ${found.join(', ')}`)
}
