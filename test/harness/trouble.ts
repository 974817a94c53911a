/** Tests of faults for every kind of interface: failing calls, a kill, deleted namespaces, many containers at once. */

import * as assert from 'uvu/assert'
import { done } from './attach.ts'
import * as cnitool from './cnitool.ts'
import { unchanged, vanished } from './expect.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from './failing.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { addresses, exists } from './look.ts'
import { hostLocal, single } from './networks.ts'
import { type Call, call } from './plugin.ts'
import type { Kind } from './round-trip.ts'
import { filesIn, quickSnapshot, snapshot, snapshotOf, withoutNumbers } from './snapshot.ts'
import { test } from './test.ts'
import { until } from './until.ts'

/** A network that gets into trouble, and what its containers need. */
export interface Troubled extends Pick<Kind, 'config' | 'subnets' | 'ifname' | 'prepare'> {
  /** Another container is attached all the time; keys in which its configuration differs. */
  beside?: Record<string, unknown>
  /** Removes from the host what DEL leaves there, so that each ADD is the first. */
  tidy?(): void
  /** The number of parallel containers; 1 when a second one cannot have the same configuration. */
  atOnce?: number
  /** Lines that a killed ADD may leave in the container: the kernel deletes them with the namespace. */
  isLeftInside?(line: string): boolean
  /** Lines of the host's devices that the kernel deletes with the container's namespace: virtual devices that were moved there. */
  goesWithNamespace?(line: string): boolean
}

/** The tests that every kind of interface must pass. */
export function testTrouble(name: string, kind: Troubled): void {
  testFailures(name, kind)
  test(`${name}: ADD killed before any of its calls, DEL leaves nothing`, () => killed(kind))
  test(`${name}: a failing call of DEL is told, or does no harm, and the next DEL leaves nothing`, () =>
    failingInDel(kind))
  test(`${name}: DEL with the namespace deleted, or without CNI_NETNS, leaves nothing`, () =>
    namespaceGone(kind))
  const { atOnce = 20 } = kind
  if (atOnce > 1)
    test(`${name}: ${atOnce} parallel ADDs and DELs succeed and leave nothing`, () => parallel(kind, atOnce))
}

/** The test of failing calls alone, for further variants of a kind. */
export function testFailures(name: string, kind: Troubled): void {
  test(`${name}: a failing call of ADD leaves nothing, or does no harm`, () => failing(kind))
}

/** A network with addresses for many containers. */
function networkOf({ config, subnets }: Troubled): cnitool.Network {
  return cnitool.network('trouble', { ...config, ...(subnets && { ipam: hostLocal(...subnets) }) }, '1.1.0')
}

function prepared(kind: Troubled): Netns {
  const container = newContainer()
  kind.prepare?.(container)
  return container
}

interface Trip {
  request: Call
  container: Netns
  /** Detaches the other container. */
  end(): Promise<void>
}

/** ADD of a container that was attached once before: what containers share and DEL keeps exists. */
async function trip(kind: Troubled): Promise<Trip> {
  const { ifname = 'eth0', beside, tidy } = kind
  const container = prepared(kind)
  const config = single(networkOf(kind))
  const request: Call = { verb: 'ADD', config, containerID: 'troubled', netns: container.path, ifname }
  const resident = beside && (await attachBeside(kind, request))
  await addedInTime(request)
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  tidy?.()
  const end = async () => {
    if (resident) assert.equal(await call({ ...resident, verb: 'DEL' }), done)
    tidy?.()
  }
  return { request, container, end }
}

/** Attaches another container. @returns its request */
async function attachBeside(kind: Troubled, request: Call): Promise<Call> {
  const config = single(networkOf(kind), kind.beside)
  const resident = { ...request, config, containerID: 'resident', netns: prepared(kind).path }
  await addedInTime(resident)
  return resident
}

/** ADD that succeeds once the kernel has deleted the interface of an earlier test, a moment after its namespace. */
async function addedInTime(request: Call): Promise<void> {
  let said = ''
  await until('the name and the MAC address are free', async () => {
    const { status, json } = await call(request)
    said = status === 0 ? '' : JSON.stringify(json)
    return !/EEXIST|EBUSY|EADDRINUSE|taken|exists/.test(said)
  })
  assert.is(said, '')
}

/** How the host and a container are compared, without what two equal ADDs differ in. */
function looks({ name }: Netns, concerns: (line: string) => boolean = () => true) {
  return {
    look: () => withoutNumbers(quickSnapshot(name)).filter(concerns),
    lookClosely: () => withoutNumbers([...snapshot(), ...snapshotOf(name)]).filter(concerns),
  }
}

async function failing(kind: Troubled): Promise<void> {
  const { request, container, end } = await trip(kind)
  assert.equal(await harmOfFailures(request, { ...looks(container), tidy: kind.tidy }), [])
  await removed(kind, container)
  await end()
}

async function failingInDel(kind: Troubled): Promise<void> {
  const { request, container, end } = await trip(kind)
  const { ifname = 'eth0' } = kind
  const given = () => filesIn(snapshot()).filter((line) => line.includes(request.containerID ?? ''))
  const attached = () => {
    const isFree =
      exists(ifname, container) && addresses(ifname, container).length > 0 && given().length === 0
    return isFree ? ['the interface has addresses that are not reserved'] : []
  }
  const place = { ...looks(container), tidy: kind.tidy, attached }
  assert.equal(await harmOfFailuresInDel(request, place), [])
  await removed(kind, container)
  await end()
}

async function killed(kind: Troubled): Promise<void> {
  const { request, container, end } = await trip(kind)
  const place = looks(container, (line) => !kind.isLeftInside?.(line))
  assert.equal(await harmOfKills(request, { ...place, tidy: kind.tidy }), [])
  await removed(kind, container)
  await end()
}

function removed(kind: Troubled, container: Netns): Promise<void> {
  removeContainer(container)
  return pairsVanished(kind, container)
}

/** The host's ends of a container's pairs. */
function pairsVanished({ goesWithNamespace }: Troubled, { name }: Netns): Promise<void> {
  const isOf = new RegExp(`\\b${name}\\b`)
  return vanished(goesWithNamespace && ((line) => goesWithNamespace(line) && isOf.test(line)))
}

async function namespaceGone(kind: Troubled): Promise<void> {
  for (const told of [true, false]) {
    const { request, container, end } = await trip(kind)
    const found = () => snapshot().filter((line) => !kind.goesWithNamespace?.(line))
    const before = found()
    await call(request)
    removeContainer(container)
    const gone: Call = { ...request, verb: 'DEL', netns: told ? request.netns : '' }
    assert.equal(await call(gone), done)
    assert.equal(await call(gone), done)
    unchanged(before, found)
    await pairsVanished(kind, container)
    await end()
  }
}

async function parallel(kind: Troubled, count: number): Promise<void> {
  const net = networkOf(kind)
  const { ifname = 'eth0' } = kind
  const containers = Array.from({ length: count }, () => prepared(kind))
  const before = snapshot()
  await Promise.all(containers.map((container) => cnitool.add(net, container, { ifname })))
  const given = containers.flatMap((container) => addresses(ifname, container))
  assert.is(new Set(given).size, given.length)
  assert.is(given.length, count * (kind.subnets ?? []).length)
  await Promise.all(containers.map((container) => cnitool.del(net, container, { ifname })))
  for (const container of containers) assert.not.ok(exists(ifname, container))
  unchanged(before)
  for (const container of containers) removeContainer(container)
}
