/** Tests of faults for every kind of interface: failing calls, a kill, deleted namespaces, many containers at once. */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { done } from './attach.ts'
import * as cnitool from './cnitool.ts'
import { lasting, unchanged } from './expect.ts'
import { harmOfFailures } from './failing.ts'
import { faultsOf, killedAt } from './faults.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { addresses, exists } from './look.ts'
import { hostLocal, single } from './networks.ts'
import { type Call, call } from './plugin.ts'
import type { Kind } from './round-trip.ts'
import { type Snapshot, snapshot, snapshotOf, withoutNumbers } from './snapshot.ts'
import { test } from './test.ts'

/** Parameters of these tests for a kind, besides its round trip. */
export interface Troubled extends Kind {
  /** The number of parallel containers; 1 when a second one cannot have the same configuration. */
  atOnce?: number
  /** Lines that a killed ADD may leave in the container: the kernel deletes them with the namespace. */
  isLeftInside?(line: string): boolean
  /** Lines of the host's devices that the kernel deletes with the container's namespace: virtual devices that were moved there. */
  goesWithNamespace?(line: string): boolean
}

/** In a guest every run takes several times as long: only calls that change the machine fail there. */
const isGuest = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux')
const only = isGuest ? ['sendto', 'linkat', 'mknodat', 'renameat2'] : undefined

/** The tests that every kind of interface must pass. */
export function testTrouble(name: string, kind: Troubled): void {
  test(`${name}: a failing call of ADD leaves nothing, or does no harm`, () => failing(kind))
  test(`${name}: ADD killed before any of its calls, DEL leaves nothing`, () => killed(kind))
  test(`${name}: DEL with the namespace deleted, or without CNI_NETNS, leaves nothing`, () =>
    namespaceGone(kind))
  const { atOnce = 20 } = kind
  if (atOnce > 1)
    test(`${name}: ${atOnce} parallel ADDs and DELs succeed and leave nothing`, () => parallel(kind, atOnce))
}

/** A network with addresses for many containers. */
function networkOf({ config, subnets }: Kind): cnitool.Network {
  return cnitool.network('trouble', { ...config, ...(subnets && { ipam: hostLocal(...subnets) }) }, '1.1.0')
}

function prepared(kind: Kind): Netns {
  const container = newContainer()
  kind.prepare?.(container)
  return container
}

/** ADD of a container that was attached once before: what containers share and DEL keeps exists. */
async function trip(kind: Kind): Promise<{ request: Call; container: Netns }> {
  const container = prepared(kind)
  const { ifname = 'eth0' } = kind
  const config = single(networkOf(kind))
  const request: Call = { verb: 'ADD', config, containerID: 'troubled', netns: container.path, ifname }
  const { status, json } = await call(request)
  assert.is(status, 0, JSON.stringify(json))
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  return { request, container }
}

/** Random parts of the results of two equal ADDs. */
function look({ name }: Netns): Snapshot {
  return withoutNumbers([...snapshot(), ...snapshotOf(name)])
}

async function failing(kind: Troubled): Promise<void> {
  const { request, container } = await trip(kind)
  assert.equal(await harmOfFailures(request, { look: () => look(container), only }), [])
  removeContainer(container)
}

async function killed(kind: Troubled): Promise<void> {
  const { request, container } = await trip(kind)
  const found = () => look(container).filter((line) => !kind.isLeftInside?.(line))
  const before = found()
  const all = await faultsOf(request)
  const faults = all.filter(({ syscall }) => only?.includes(syscall) ?? true)
  await call({ ...request, verb: 'DEL' })
  const left: string[] = []
  for (const fault of faults) {
    await killedAt(request, fault)
    await call({ ...request, verb: 'DEL' })
    left.push(...lasting(before, found).map((line) => `${fault.syscall} ${fault.nth}: ${line}`))
  }
  assert.ok(all.length > 20)
  assert.equal(left, [])
  removeContainer(container)
}

async function namespaceGone(kind: Troubled): Promise<void> {
  for (const told of [true, false]) {
    const { request, container } = await trip(kind)
    const found = () => snapshot().filter((line) => !kind.goesWithNamespace?.(line))
    const before = found()
    await call(request)
    removeContainer(container)
    const gone: Call = { ...request, verb: 'DEL', netns: told ? request.netns : '' }
    assert.equal(await call(gone), done)
    assert.equal(await call(gone), done)
    unchanged(before, found)
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
