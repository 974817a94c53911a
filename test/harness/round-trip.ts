/** One round trip for every kind of interface: ADD, read back, CHECK, break it, CHECK fails, DEL twice, nothing left. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as cnitool from './cnitool.ts'
import { refusal, unchanged } from './expect.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { addresses, inContainer, type Link, link } from './look.ts'
import { hostLocal } from './networks.ts'
import type { Configuration, Engine } from './plugin.ts'
import { type Snapshot, snapshot, snapshotOf } from './snapshot.ts'

/** A row of the table: the parameters of the round trip for one kind of interface. */
export interface Kind {
  /** The configuration, without its `ipam`. */
  config: Configuration
  /** Address ranges; none for a kind that has no addresses. */
  subnets?: string[]
  /** The interface never has addresses, so the oldest versions cannot express it. */
  addressless?: boolean
  /** A name other than eth0. */
  ifname?: string
  /** Makes what ADD needs: a parent on the host, an interface in the container. */
  prepare?(container: Netns): void
  /** The attributes of the container's interface that the kernel must show. */
  expect(link: Link): void
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
export function isUp(kind: string, mtu: number): Kind['expect'] {
  return ({ linkinfo, mtu: found, flags }) =>
    assert.equal([linkinfo?.info_kind, found, flags.includes('UP')], [kind, mtu, true])
}

export const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']

/** Versions that can express an attachment without addresses. */
const versionsWithoutAddresses = versions.filter((version) => version >= '0.3.0')

/** CHECK exists since 0.4.0; cnitool refuses it for earlier versions. */
function hasCheck(version: string): boolean {
  return versions.indexOf(version) >= versions.indexOf('0.4.0')
}

/** The tests of a row: the whole round trip in every version and once on the other engine, and each fault that CHECK must notice. */
export function testRoundTrips(name: string, kind: Kind): void {
  for (const version of kind.addressless ? versionsWithoutAddresses : versions)
    test(`${name}, configured as ${version}: up and as configured, and DEL leaves nothing`, () =>
      roundTrip(kind, version))

  test(`${name} on the node engine: up and as configured, and DEL leaves nothing`, () =>
    roundTrip(kind, '1.0.0', 'node'))

  for (const broken of Object.keys(kind.breaks))
    test(`${name}: CHECK notices that ${broken}, and DEL still cleans up`, async () => {
      await noticed(kind, broken)
    })
}

interface Trip {
  net: cnitool.Network
  container: Netns
  extras: cnitool.Extras
  before: { host: Snapshot; container: Snapshot }
}

/** The whole round trip of one attachment. */
export async function roundTrip(kind: Kind, version: string, engine: Engine = 'quickjs'): Promise<void> {
  const trip = await begin(kind, version, engine)
  const { net, container, extras } = trip
  await cnitool.add(net, container, extras)
  const { ifname = 'eth0' } = kind
  kind.expect(link(ifname, container))
  for (const subnet of kind.subnets ?? []) assertAddressOf(subnet, addresses(ifname, container))
  if (hasCheck(version)) await cnitool.check(net, container, extras)
  await end(trip)
}

/** CHECK succeeds, a fault is made, CHECK fails, and DEL still leaves nothing. */
export async function noticed(kind: Kind, broken: string): Promise<string> {
  const trip = await begin(kind, '1.0.0', 'quickjs')
  const { net, container, extras } = trip
  await cnitool.add(net, container, extras)
  await cnitool.check(net, container, extras)
  kind.breaks[broken]?.(container, kind.ifname ?? 'eth0')
  const said = await refusal(cnitool.check(net, container, extras))
  await end(trip)
  return said
}

async function begin(kind: Kind, version: string, engine: Engine): Promise<Trip> {
  const ipam = kind.subnets ? { ipam: hostLocal(...kind.subnets) } : {}
  const net = cnitool.network('trip', { ...kind.config, ...ipam }, version)
  await leaveShared(kind, net, engine)
  const container = newContainer()
  kind.prepare?.(container)
  const before = { host: snapshot(), container: snapshotOf(container.name) }
  return { net, container, extras: { engine, ifname: kind.ifname }, before }
}

/** Makes what the network's containers share and DEL keeps: a bridge, tables, directories. */
async function leaveShared(kind: Kind, net: cnitool.Network, engine: Engine): Promise<void> {
  const container = newContainer()
  kind.prepare?.(container)
  const extras = { engine, ifname: kind.ifname }
  await cnitool.add(net, container, extras)
  await cnitool.del(net, container, extras)
  removeContainer(container)
}

async function end({ net, container, extras, before }: Trip): Promise<void> {
  await cnitool.del(net, container, extras)
  await cnitool.del(net, container, extras)
  unchanged(before.host)
  unchanged(before.container, () => snapshotOf(container.name))
  removeContainer(container)
}

/** Whether one of the addresses is in a subnet, by the text before its last group. */
function assertAddressOf(subnet: string, found: string[]): void {
  const [network = '', prefix = ''] = subnet.split('/')
  const start = network.replace(/(\.0|::?)$/, '')
  const fitting = found.filter((cidr) => cidr.startsWith(start) && cidr.endsWith(`/${prefix}`))
  assert.is(fitting.length, 1, `one address of ${subnet} among ${found.join(', ')}`)
}
