/**
 * Any sequence of ADD, DEL, repeated DEL, GC, a kill at any call, a namespace that goes, flush of all or of a part, and reapply, over
 * containers whose addresses and ports are used again, ends with the rules of the live ones alone. Each container has a list of its own.
 */
// needs: nft ip, nft bridge, iptables

import { rmSync } from 'node:fs'
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { isFullRun } from '../harness/full.ts'
import { privateHost } from '../harness/host.ts'
import { difference } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { damage, flush, reapply } from './firewall-damage.ts'
import {
  type Addition,
  addition,
  begin,
  type Container,
  collect,
  del,
  end,
  type Kill,
  kill,
  killing,
  mayAdd,
  names,
  run,
  vanish,
} from './firewall-model.ts'
import { rules } from './firewall-rules.ts'

await privateHost()

type Step =
  | ({ does: 'add' } & Addition)
  | { does: 'del'; container: number }
  | { does: 'vanish'; container: number }
  | ({ does: 'kill' } & Kill)
  | { does: 'damage'; which: number }
  | { does: 'flush' }
  | { does: 'reapply' }
  | { does: 'gc' }

const container = fc.nat(names.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('add'), ...addition }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('del', 'vanish'), container }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('kill'), ...killing }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('damage'), which: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('flush', 'reapply', 'gc') }) },
)

async function take(all: Container[], step: Step): Promise<void> {
  if (step.does === 'flush') return flush()
  if (step.does === 'reapply') return reapply()
  if (step.does === 'gc') return collect(all)
  if (step.does === 'damage') return damage(step.which)
  const one = all[step.container] as Container
  if (step.does === 'kill') return kill(all, one, step)
  if (step.does === 'del') return del(one)
  if (step.does === 'vanish') return vanish(one)
  if (mayAdd(all, one, step)) run(one)
}

/** The rules of an empty host after the ADDs of the live containers, in the order of theirs. */
function rulesOf(live: Container[]): string[] {
  flush()
  rmSync('/run/patchbay', { recursive: true, force: true })
  for (const one of live) run(one)
  return rules()
}

function same(found: string[], expected: string[], when: string): void {
  const lines = difference(expected, found)
  assert.ok(lines.length === 0, [when, ...lines].join('\n'))
}

/** Each sequence has names of its own: links of the last one may still be on their way out. */
let hosts = 0

async function play(steps: Step[]): Promise<void> {
  const host = ++hosts
  const all = names.map((name) => begin(`${name}-${host}`))
  flush()
  const empty = rules()
  try {
    for (const step of steps) await take(all, step)
    for (const one of all) if (one.state !== 'live') await del(one)
    reapply()
    const live = all.filter(({ state }) => state === 'live').sort((one, other) => one.order - other.order)
    const found = rules()
    for (const one of live) await del(one)
    same(rules(), empty, 'after DEL of all')
    same(found, rulesOf(live), 'with the live ones')
  } finally {
    command('nft', 'flush', 'ruleset')
    rmSync('/run/patchbay', { recursive: true, force: true })
    all.forEach(end)
  }
}

test('any sequence of ADD, DEL, GC, kill, lost namespace, flush and reapply ends with the rules of the live containers alone', async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), play)
  const choice = isFullRun() ? { numRuns: 200 } : { numRuns: 8, seed: 15 }
  await fc.assert(property, { ...choice, includeErrorInReport: true })
})

test.run()
