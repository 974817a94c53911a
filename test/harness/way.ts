/** Both ways between the suites: what one of the reference and ours has attached, the other checks, keeps by GC, deletes and collects. */

import * as assert from 'uvu/assert'
import { unchanged } from './expect.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import type { Configuration, Engine, Result } from './plugin.ts'
import type { Edition } from './reference.ts'
import { difference, type Snapshot, snapshot, snapshotOf, withoutNumbers } from './snapshot.ts'
import { test } from './test.ts'
import { attached, complaint, networkName, walk } from './way-calls.ts'

export { networkName }

/** A network that both suites have. */
export interface Way {
  /** The list's plugins; with `subnets` the first one gets addresses of host-local. */
  plugins: Configuration[]
  subnets?: string[]
  ifname?: string
  /** Host ports, for portmap. */
  ports?: object[]
  /** The link of the host that ADD lends to the container. */
  lends?: string
  /** Makes what ADD needs. */
  prepare?(container: Netns): void
  /** Asserts that traffic passes, after each ADD and after the other suite's CHECK and GC. */
  works?(container: Netns, result: Result): Promise<void>
  /** Only Debian's newest reference has these plugins or keys. */
  isNew?: true
  /** The reference attaches with these keys, where the installed one lacks a feature, and this makes what a newer one does. */
  theirs?: Configuration
  newer?(container: Netns, result: Result): void
  /** Removes what the reference leaves of its own attachment. */
  tidy?(): void
  /** What the reference's first DEL of its own attachment says; the second one succeeds. */
  failing?: RegExp
  /** What the reference's first DEL of our attachment says; the second one succeeds. */
  complaint?: RegExp
  /** What each DEL of the reference says. */
  refusal?: RegExp
  /** What the reference's DEL says after a reboot. */
  lost?: RegExp
  /** Which lines of a snapshot differ after the reference's DEL of our attachment. */
  leaves?: RegExp
  /** Which lines may differ after our DEL: something in the container, which the kernel deletes with its namespace. */
  remains?: RegExp
  /** Which lines our GC leaves of what the reference has attached; the DEL that a runtime repeats removes them. */
  stays?: RegExp
  /** What the reference's CHECK says, for what it has attached itself, too. */
  unchecked?: RegExp
  /** What the reference's CHECK says of what we have attached, and not of its own. */
  doubts?: RegExp
  /** Links of the host that stay when the namespace is gone, until GC. */
  outlives?: RegExp
  /** What differs with Debian's newest reference. */
  newest?: Partial<Way>
}

/** The way with one edition of the reference. Undefined where that one lacks it. */
export function wayWith(edition: Edition, way: Way): Way | undefined {
  if (edition === 'installed') return way.isNew ? undefined : way
  return {
    ...way,
    theirs: undefined,
    newer: undefined,
    tidy: way.newer ? undefined : way.tidy,
    ...way.newest,
  }
}

/** The tests of a network, on some engines: attached by an edition of the reference and deleted by us, and the other way round. */
export function testWays(name: string, given: Way, edition: Edition, engines: readonly Engine[]): void {
  const way = wayWith(edition, given)
  if (!way) return
  for (const engine of engines) {
    const title = `${name}, ${engine}, reference ${edition}`
    test(`${title}: CHECK and GC pass for what the reference has attached, and DEL leaves nothing`, () =>
      here(way, edition, engine))
    if (engine === 'quickjs')
      test(`${title}: GC removes what the reference has attached, when the container is gone`, () =>
        lost(way, edition, engine))
    if (!way.newer)
      test(`${title}: the reference's CHECK passes for what we have attached, and its DEL leaves what is documented, until our GC`, () =>
        back(way, edition, engine))
  }
}

async function here(way: Way, edition: Edition, engine: Engine): Promise<void> {
  const { container, before } = await placeOf(way, edition)
  const result = await attached(way, edition, container)
  await way.works?.(container, result)
  await walk('CHECK', engine, { way, container, result })
  await walk('GC', engine, { way, container, valid: [container] })
  await walk('CHECK', engine, { way, container, result })
  await way.works?.(container, result)
  // Older runtimes give DEL no result.
  await walk('DEL', engine, { way, container, result: engine === 'quickjs' ? result : undefined })
  unchanged(before, () => look(way, container))
}

async function lost(way: Way, edition: Edition, engine: Engine): Promise<void> {
  const { container, before } = await placeOf(way, edition)
  const other = newContainer()
  way.prepare?.(other)
  const result = await attached(way, edition, other)
  removeContainer(other)
  way.prepare?.(container) // what the kernel has deleted with the namespace
  const mortal = (lines: Snapshot) => linksIn(lines).filter((line) => !way.outlives?.test(line))
  unchanged(mortal(before), () => mortal(look(way, container))) // the kernel deletes them a moment later
  await walk('GC', engine, { way, container: other })
  const { stays } = way
  const rest = (lines: Snapshot) => (stays ? lines.filter((line) => !stays.test(line)) : lines)
  unchanged(rest(before), () => rest(look(way, container)))
  if (!stays) return
  assert.ok(difference(before, look(way, container)).length > 0, 'GC leaves something')
  await walk('DEL', engine, { way, container: other, result })
  unchanged(before, () => look(way, container))
}

async function back(way: Way, edition: Edition, engine: Engine): Promise<void> {
  const { container, before } = await placeOf(way, edition)
  const result = await attached(way, engine, container)
  await way.works?.(container, result)
  const about = { way, container, result }
  const doubts = way.unchecked ?? way.doubts
  if (doubts) assert.match(await complaint('CHECK', edition, about), doubts)
  else await walk('CHECK', edition, about)
  if (edition === 'newest') await collectsNothing(way, container)
  await way.works?.(container, result)
  const expected = way.complaint ?? way.refusal
  if (expected) assert.match(await complaint('DEL', edition, about), expected)
  if (!way.refusal) await walk('DEL', edition, about)
  assertLeft(way, difference(before, look(way, container)))
  await walk('GC', engine, { way, container })
  unchanged(before, () => look(way, container))
}

/** The reference's GC succeeds and removes nothing, not even what no valid attachment has. */
async function collectsNothing(way: Way, container: Netns): Promise<void> {
  const before = look(way, container)
  await walk('GC', 'newest', { way, container })
  unchanged(before, () => look(way, container))
}

function assertLeft({ leaves }: Way, lines: string[]): void {
  const other = leaves ? lines.filter((line) => !leaves.test(line)) : lines
  assert.equal(other, [])
  if (leaves) assert.ok(lines.length > 0, 'the reference leaves something')
}

const places = new Map<Way, Promise<{ container: Netns; before: Snapshot }>>()

function placeOf(way: Way, edition: Edition): Promise<{ container: Netns; before: Snapshot }> {
  const place = places.get(way) ?? newPlace(way, edition)
  places.set(way, place)
  return place
}

/** The reference attaches once before: that makes what a network's containers share and DEL keeps. */
async function newPlace(way: Way, edition: Edition): Promise<{ container: Netns; before: Snapshot }> {
  const container = newContainer()
  way.prepare?.(container)
  const about = { way, container, result: await attached(way, edition, container) }
  if (way.unchecked) assert.match(await complaint('CHECK', edition, about), way.unchecked)
  if (way.failing) assert.match(await complaint('DEL', edition, about), way.failing)
  await walk('DEL', edition, about)
  way.tidy?.()
  return { container, before: look(way, container) }
}

function look({ remains }: Way, { name }: Netns): Snapshot {
  const lines = withoutNumbers([...snapshot(), ...snapshotOf(name)])
  return remains ? lines.filter((line) => !remains.test(line)) : lines
}

function linksIn(lines: Snapshot): Snapshot {
  return lines.filter((line) => line.startsWith('link '))
}
