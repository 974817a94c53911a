/** Both ways between the suites over a reboot: what one has attached before it, the other deletes or collects after it. */

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { hostNics } from './cables.ts'
import { steady, unchanged } from './expect.ts'
import { type Netns, newContainer } from './host.ts'
import type { Result } from './plugin.ts'
import { reboot } from './reboot.ts'
import type { Edition } from './reference.ts'
import { type Snapshot, snapshot, withoutNumbers } from './snapshot.ts'
import { test } from './test.ts'
import { type Way, wayWith } from './way.ts'
import { attached, complaint, isReference, type Side, walk } from './way-calls.ts'

/** The tests of a network over a reboot. */
export function testReboots(name: string, given: Way): void {
  const newest = wayWith('newest', given) as Way
  test(`${name}: after a reboot our DEL, or our GC, frees what the reference had attached, and the network works`, async () => {
    for (const verb of ['DEL', 'GC'] as const) await over(newest, 'newest', 'quickjs', verb)
    await anew(newest, 'quickjs')
  })
  for (const edition of ['installed', 'newest'] as const) {
    const way = wayWith(edition, given)
    if (way) testReturn(`${name}, reference ${edition}`, way, edition)
  }
}

function testReturn(title: string, way: Way, edition: Edition): void {
  const what = way.lost
    ? 'fails, as for its own; our GC frees what we had attached'
    : 'frees what we had attached, and the network works'
  test(`${title}: after a reboot the reference's DEL ${what}`, async () => {
    await over(way, 'quickjs', edition, 'DEL')
    if (!way.lost) await anew(way, edition)
  })
}

/** One side attaches, the host reboots, the other side deletes. */
async function over(way: Way, one: Side, other: Side, verb: 'DEL' | 'GC'): Promise<void> {
  rmSync('/var/lib/cni/networks', { recursive: true, force: true })
  const before = start()
  const container = prepared(way)
  const result = await attached(way, one, container)
  assert.not.equal(look(), before)
  start()
  await ended(way, other, verb, container, result)
  unchanged(before, look)
}

/** DEL as a runtime runs it: with the result of before, and a namespace that is gone. */
async function ended(way: Way, side: Side, verb: 'DEL' | 'GC', container: Netns, result: Result) {
  const about = { way, container, result: verb === 'DEL' ? result : undefined }
  const { lost } = way
  if (!isReference(side) || !lost) return void (await walk(verb, side, about))
  assert.match(await complaint('DEL', side, about), lost)
  await walk('GC', 'quickjs', { way, container })
}

/** The network as it begins again: ADD, CHECK, DEL. */
async function anew(way: Way, side: Side): Promise<void> {
  const container = prepared(way)
  const about = { way, container, result: await attached(way, side, container) }
  if (!isReference(side) || !way.unchecked) await walk('CHECK', side, about)
  if (isReference(side) && way.failing) assert.match(await complaint('DEL', side, about), way.failing)
  await walk('DEL', side, about)
}

function prepared(way: Way): Netns {
  const container = newContainer()
  way.prepare?.(container)
  return container
}

let fresh: Snapshot | undefined

/** A reboot. @returns the host as it is then */
function start(): Snapshot {
  reboot(hostNics)
  fresh ??= steady(look)
  unchanged(fresh.filter(isOfKernel), () => look().filter(isOfKernel))
  return fresh
}

const isOfKernel = (line: string) => !/^(file|link) \//.test(line)

/** Without the empty tables that a call of iptables makes. */
const empty = /^nft (table ip6? (nat|filter|mangle|raw) \{|\})$/

function look(): Snapshot {
  return withoutNumbers(snapshot()).filter((line) => !empty.test(line))
}
