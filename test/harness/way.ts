/** Both ways between the suites: what one of the reference and ours has attached, the other checks and deletes. */

import * as assert from 'uvu/assert'
import { unchanged } from './expect.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { hostLocal } from './networks.ts'
import { type Call, type Configuration, call, type Engine, type Result } from './plugin.ts'
import { reference } from './reference.ts'
import { difference, type Snapshot, snapshot, snapshotOf, withoutNumbers } from './snapshot.ts'
import { test } from './test.ts'

/** A network that both suites have. */
export interface Way {
  /** The list's plugins; with `subnets` the first one gets addresses of host-local. */
  plugins: Configuration[]
  subnets?: string[]
  ifname?: string
  /** Makes what ADD needs. */
  prepare?(container: Netns): void
  /** The reference attaches with these keys, where the installed one lacks a feature, and this makes what a newer one does. */
  theirs?: Configuration
  newer?(container: Netns, result: Result): void
  /** Removes what the reference leaves of its own attachment. */
  tidy?(): void
  /** What the reference's first DEL of our attachment says; the second one succeeds. */
  complaint?: RegExp
  /** What each DEL of the reference says. */
  refusal?: RegExp
  /** Which lines of a snapshot differ after the reference's DEL of our attachment. */
  leaves?: RegExp
  /** Which lines may differ after our DEL: something in the container, which the kernel deletes with its namespace. */
  remains?: RegExp
  /** The reference's CHECK fails for what it has attached itself, too. */
  unchecked?: true
  /** GC finds what the reference has attached: more than a link, which is gone with the namespace. */
  collects?: true
  /** Links of the host that stay when the namespace is gone, until GC. */
  outlives?: RegExp
}

type Side = Engine | 'reference'

/** The tests of a network, on both engines: attached by the reference and deleted by us, and the other way round. */
export function testWays(name: string, way: Way): void {
  for (const engine of ['quickjs', 'node'] as const) {
    test(`${name}, ${engine}: CHECK passes for what the reference has attached, and DEL leaves nothing`, () =>
      here(way, engine))
    if (way.collects)
      test(`${name}, ${engine}: GC removes what the reference has attached, when the container is gone`, () =>
        lost(way, engine))
    if (!way.newer)
      test(`${name}, ${engine}: the reference's CHECK passes for what we have attached, and its DEL leaves what is documented, until our GC`, () =>
        back(way, engine))
  }
}

async function here(way: Way, engine: Engine): Promise<void> {
  const { container, before } = await placeOf(way)
  const result = await attached(way, 'reference', container)
  await walk(way, engine, 'CHECK', container, result)
  // Older runtimes give DEL no result.
  await walk(way, engine, 'DEL', container, engine === 'quickjs' ? result : undefined)
  unchanged(before, () => look(way, container))
}

async function lost(way: Way, engine: Engine): Promise<void> {
  const { container, before } = await placeOf(way)
  const other = newContainer()
  way.prepare?.(other)
  await attached(way, 'reference', other)
  removeContainer(other)
  const mortal = (lines: Snapshot) => linksIn(lines).filter((line) => !way.outlives?.test(line))
  unchanged(mortal(before), () => mortal(look(way, container))) // the kernel deletes them a moment later
  await walk(way, engine, 'GC', other)
  unchanged(before, () => look(way, container))
}

async function back(way: Way, engine: Engine): Promise<void> {
  const { container, before } = await placeOf(way)
  const result = await attached(way, engine, container)
  if (!way.unchecked) await walk(way, 'reference', 'CHECK', container, result)
  const expected = way.complaint ?? way.refusal
  if (expected) assert.match(await complaint(way, container, result), expected)
  if (!way.refusal) await walk(way, 'reference', 'DEL', container, result)
  assertLeft(way, difference(before, look(way, container)))
  await walk(way, engine, 'GC', container)
  unchanged(before, () => look(way, container))
}

async function complaint(way: Way, container: Netns, result: Result): Promise<string> {
  try {
    await walk(way, 'reference', 'DEL', container, result)
  } catch (error) {
    return String(error)
  }
  throw new Error('the reference did not complain')
}

function assertLeft({ leaves }: Way, lines: string[]): void {
  const other = leaves ? lines.filter((line) => !leaves.test(line)) : lines
  assert.equal(other, [])
  if (leaves) assert.ok(lines.length > 0, 'the reference leaves something')
}

const places = new Map<Way, Promise<{ container: Netns; before: Snapshot }>>()

function placeOf(way: Way): Promise<{ container: Netns; before: Snapshot }> {
  const place = places.get(way) ?? newPlace(way)
  places.set(way, place)
  return place
}

/** The reference attaches once before: that makes what a network's containers share and DEL keeps. */
async function newPlace(way: Way): Promise<{ container: Netns; before: Snapshot }> {
  const container = newContainer()
  way.prepare?.(container)
  const result = await attached(way, 'reference', container)
  await walk(way, 'reference', 'DEL', container, result)
  way.tidy?.()
  return { container, before: look(way, container) }
}

async function attached(way: Way, side: Side, container: Netns): Promise<Result> {
  const result =
    side === 'reference' ? await attachedByReference(way, container) : await walk(way, side, 'ADD', container)
  assert.ok(result)
  if (side === 'reference') way.newer?.(container, result)
  return result
}

/** Now and then the kernel refuses the reference's route for an IPv6 address that it still checks for a duplicate. */
async function attachedByReference(way: Way, container: Netns): Promise<Result | undefined> {
  try {
    return await walk(way, 'reference', 'ADD', container)
  } catch (error) {
    if (!/failed to add route .* invalid argument/.test(String(error))) throw error
    await walk(way, 'reference', 'DEL', container)
    return walk(way, 'reference', 'ADD', container)
  }
}

function look({ remains }: Way, { name }: Netns): Snapshot {
  const lines = withoutNumbers([...snapshot(), ...snapshotOf(name)])
  return remains ? lines.filter((line) => !remains.test(line)) : lines
}

function linksIn(lines: Snapshot): Snapshot {
  return lines.filter((line) => line.startsWith('link '))
}

/** Calls the plugins of the list as a runtime does, DEL in reverse order. @returns the last result */
async function walk(
  way: Way,
  side: Side,
  verb: Call['verb'],
  container: Netns,
  given?: Result,
): Promise<Result | undefined> {
  const configs = configsOf(way, side, verb)
  let result = given
  for (const config of verb === 'DEL' ? configs.reverse() : configs) {
    const json = await step(way, side, verb, container, { ...config, ...(result && { prevResult: result }) })
    if (verb === 'ADD') result = json as unknown as Result
  }
  return result
}

async function step(
  { ifname }: Way,
  side: Side,
  verb: Call['verb'],
  { name, path }: Netns,
  config: Configuration,
) {
  const request = { verb, config, containerID: name, netns: path, ifname }
  const answer = side === 'reference' ? reference(request) : call({ ...request, engine: side })
  const { status, json } = await answer
  assert.is(status, 0, `${side} ${verb} ${JSON.stringify(json)}`)
  return json
}

/** The plugins' configurations as a runtime gives them. */
function configsOf({ plugins, subnets, theirs }: Way, side: Side, verb: Call['verb']): Configuration[] {
  // The reference knows no newer version.
  const whole = { cniVersion: verb === 'GC' ? '1.1.0' : '1.0.0', name: networkName(plugins) }
  return plugins.map((plugin, at) => ({
    ...whole,
    ...(side === 'reference' && theirs ? theirs : plugin),
    ...(at === 0 && subnets && { ipam: hostLocal(...subnets) }),
  }))
}

/** A name of its own for each network: the type and the bridge of its first plugin. */
export function networkName([first]: Configuration[]): string {
  return `way-${[first?.type, first?.bridge].filter(Boolean).join('-')}`
}
