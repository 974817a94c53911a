/** `patchbay pool change`. */

import type * as z from 'zod'
import { CniError, Code } from '../../shared/error/error.ts'
import { changePool as change, obstacleTo } from '../../shared/store/claims/pools.ts'
import { reopenPool } from '../../shared/store/claims/reopen.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import type { answer } from '../answers/pool-change.ts'
import { misuse } from '../form/arguments.ts'
import type { Page } from '../form/page.ts'
import { quoted } from '../form/slip.ts'
import { type Answer, type Call, lastOf } from '../form/verb.ts'
import { readContents } from './contents.ts'
import { type Plan, planOf, rangesOf, sameForm, samePlan, sizeOf } from './definition.ts'
import { differenceOf, outsideOf } from './difference.ts'
import { formatCount } from './pools.ts'
import { inStore, type Session } from './session.ts'
import { requirePool } from './show.ts'
import { blocksTable, toldBlock, toldPool } from './told.ts'

type Changed = z.infer<typeof answer>

export async function changePool(call: Call): Promise<Answer> {
  const [name = ''] = call.words
  requireChange(call)
  const data = await inStore(call, async (session): Promise<Changed> => {
    const contents = await session.run(readContents(session.keys))
    const before = requirePool(name, contents)
    const own = contents.blocks.filter(({ pool }) => pool === name)
    const plan = changed(before, call)
    requireSize(before, plan, own.length)
    const outcome = await perform(session, name, before, plan, call)
    const closing = before.closing === true && !call.flags.has('--reopen')
    return {
      name,
      outcome,
      pool: toldPool({ ...plan, closing }),
      families: differenceOf(before, plan),
      outside: outsideOf(plan, own).map(toldBlock),
    }
  })
  return { data, text: (page) => textOf(page, data) }
}

const flags = ['--range', '--remove', '--block-size', '--block-size6', '--reopen']

function requireChange({ flags: given }: Call): void {
  if (!flags.some((flag) => given.has(flag)))
    throw misuse(`nothing is changed without one of ${flags.join(', ')}`)
}

/** The pool as it is to be. @throws CniError `misuse` */
function changed(before: PoolDefinition, { flags: given }: Call): Plan {
  const added = rangesOf(given.get('--range') ?? [])
  const gone = new Set([
    ...(given.get('--remove') ?? []).map((word) => requireSubnet(word, before)),
    ...added.map(({ subnet }) => sameForm(subnet)),
  ])
  const kept = before.ranges.filter(({ subnet }) => !gone.has(sameForm(subnet)))
  return planOf([...kept, ...added], {
    ...before.blockSize,
    ipv4: sizeOf('--block-size', lastOf(given, '--block-size'), before.blockSize.ipv4),
    ipv6: sizeOf('--block-size6', lastOf(given, '--block-size6'), before.blockSize.ipv6),
  })
}

function requireSubnet(word: string, { ranges }: PoolDefinition): string {
  const subnets = ranges.map(({ subnet }) => sameForm(subnet))
  if (subnets.includes(sameForm(word))) return sameForm(word)
  throw misuse(`--remove ${quoted(word)}: the pool has no such subnet`, `it has ${subnets.join(', ')}`)
}

/** Blocks of two sizes would overlap. */
function requireSize({ blockSize }: PoolDefinition, plan: Plan, blocks: number): void {
  const isSame = blockSize.ipv4 === plan.blockSize.ipv4 && blockSize.ipv6 === plan.blockSize.ipv6
  if (isSame || blocks === 0) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the block size cannot change while hosts hold blocks: there are ${blocks}`,
    hint: 'make another pool with that size, or wait until all blocks have gone back',
  })
}

async function perform(
  { operator, run }: Session,
  name: string,
  before: PoolDefinition,
  plan: Plan,
  call: Call,
): Promise<Changed['outcome']> {
  const reopens = before.closing === true && call.flags.has('--reopen')
  const isSame = samePlan(before, plan)
  if (isSame && !reopens) return 'present'
  if (call.flags.has('--dry-run')) {
    const obstacle = isSame ? undefined : await run(obstacleTo(operator, name, plan))
    if (obstacle) throw obstacle
    return 'would be changed'
  }
  if (!isSame) await run(change(operator, name, plan))
  if (reopens) await run(reopenPool(operator, name))
  return 'changed'
}

function textOf(page: Page, { name, outcome, pool, families, outside }: Changed): string {
  const what = outcome === 'present' ? 'is so already' : outcome
  const counts = families.flatMap(({ family, gained, lost }) => [
    ...(gained > 0 ? [`${formatCount(gained)} addresses of IPv${family} can be given besides`] : []),
    ...(lost > 0 ? [`${formatCount(lost)} addresses of IPv${family} cannot be given any more`] : []),
  ])
  const head = [`pool ${name} ${what}: ${pool.ranges.join(' ')}`, ...counts].join('\n')
  if (outside.length === 0) return head
  const hosts = new Set(outside.map(({ host }) => host)).size
  return `${head}\n${outside.length} blocks of ${hosts} hosts are outside: their containers keep their addresses\n\n${blocksTable(page, outside)}`
}
