/** The rule of a world at rest, when no call runs: what the next calls would find. They are made on copies of the disk. */

import { type Call, type Outcome, programsOf, recordOf } from './calls.ts'
import { change, copyDisk, type Disk } from './disk.ts'
import { runAlone } from './execute.ts'
import { indexIsWrong } from './index-rule.ts'
import type { Product } from './load.ts'
import { recordIn, recordsIn } from './records.ts'
import type { Bounds, World } from './world.ts'

type Answer = (call: Partial<Call>) => Outcome
type OnCopy = <T>(look: (disk: Disk, answer: Answer) => T) => T

export function restIsWrong(product: Product, bounds: Bounds, world: World): string | undefined {
  const programs = programsOf(product, bounds.network)
  const onCopy: OnCopy = (look) => {
    const disk = copyDisk(world.disk)
    // All that was published is older than the next call.
    disk.tick++
    return look(disk, (call) =>
      runAlone(
        disk,
        bounds.traits,
        programs({ verb: 'DEL', container: '', previous: [], valid: [], ...call }),
      ),
    )
  }
  return (
    onCopy((_, answer) => checkIsWrong(world, answer)) ??
    onCopy((disk, answer) => gcIsWrong(world, disk, answer)) ??
    onCopy((disk, answer) => damageIsWrong(product, bounds, world, disk, answer)) ??
    stickyIsWrong(world, bounds, onCopy) ??
    onCopy((disk, answer) => delIsWrong(world, bounds, disk, answer))
  )
}

/** CHECK finds the addresses of attached containers. */
function checkIsWrong({ containers }: World, answer: Answer): string | undefined {
  for (const [container, { state, addresses }] of containers) {
    const outcome = state === 'attached' && answer({ verb: 'CHECK', container, previous: addresses })
    if (outcome && 'message' in outcome) return `CHECK ${container} then fails: ${outcome.message}`
  }
  return undefined
}

/** In a sticky network a new container with the key of one that ended gets its addresses. */
function stickyIsWrong({ containers }: World, { network }: Bounds, onCopy: OnCopy): string | undefined {
  if (!network.isSticky) return undefined
  for (const [key, { state, addresses, isOwed }] of containers) {
    if (!isOwed || state === 'attached') continue
    const outcome = onCopy((_, answer) => answer({ verb: 'ADD', container: 'new', key }))
    const got = 'message' in outcome ? outcome.message : String(outcome.addresses)
    if (got !== String(addresses))
      return `the next container with the key of ${key} gets ${got}, not ${addresses}`
  }
  return undefined
}

/** GC leaves the addresses of attached containers, and no others. */
function gcIsWrong({ containers }: World, disk: Disk, answer: Answer): string | undefined {
  const valid = [...containers].filter(([, { state }]) => state === 'attached')
  const outcome = answer({ verb: 'GC', valid: valid.map(([name]) => name) })
  if ('message' in outcome) return `GC then fails: ${outcome.message}`
  const left = recordsIn(disk).filter((address) => !recordIn(disk, address)?.startsWith('sticky:'))
  const expected = valid.flatMap(([, { addresses }]) => addresses).sort()
  return String(left) === String(expected) ? undefined : `GC then leaves ${left}, should leave ${expected}`
}

/** GC mends bitmaps that call each address taken. */
function damageIsWrong(
  product: Product,
  bounds: Bounds,
  world: World,
  disk: Disk,
  answer: Answer,
): string | undefined {
  const bitmaps = [...disk.names].filter(([path]) => path.includes('/taken/'))
  if (bitmaps.length === 0) return undefined
  for (const [, number] of bitmaps) change(disk, number, { text: '\xff'.repeat(4096) })
  const wrong = gcIsWrong(world, disk, answer) ?? indexIsWrong(product, bounds, disk)
  return wrong && `with damaged bitmaps: ${wrong}`
}

/** After DEL of all containers, new ones get all addresses. */
function delIsWrong(
  { containers }: World,
  { network }: Bounds,
  disk: Disk,
  answer: Answer,
): string | undefined {
  for (const name of containers.keys()) {
    const outcome = answer({ container: name })
    if ('message' in outcome) return `DEL ${name} then fails: ${outcome.message}`
  }
  const left = recordsIn(disk).filter((address) => !recordIn(disk, address)?.startsWith('sticky:'))
  if (left.length > 0) return `after DEL of all containers ${left} is reserved`
  if (network.isSticky) return undefined
  const capacity = Math.min(...network.sets.map(({ addresses }) => addresses.length))
  for (let at = 1; at <= capacity; at++) {
    const outcome = answer({ verb: 'ADD', container: `new${at}` })
    if ('message' in outcome) return `after DEL of all containers ADD number ${at} fails: ${outcome.message}`
    const other = outcome.addresses.find((address) => recordIn(disk, address) !== recordOf(`new${at}`))
    if (other) return `after DEL of all containers ADD number ${at} gives ${other}, which it does not have`
  }
  return undefined
}
