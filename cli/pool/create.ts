/** `patchbay pool create`. */

import type * as z from 'zod'
import { CniError, Code } from '../../shared/error/error.ts'
import { createPool as create, obstacleTo } from '../../shared/store/claims/pools.ts'
import { poolName } from '../../shared/store/words.ts'
import type { answer } from '../answers/pool-create.ts'
import { misuse } from '../form/arguments.ts'
import { quoted } from '../form/slip.ts'
import { type Answer, type Call, lastOf } from '../form/verb.ts'
import { isA } from '../host/values.ts'
import { type Contents, readContents } from './contents.ts'
import { type Plan, planOf, rangesOf, samePlan, sizeOf } from './definition.ts'
import { inStore } from './session.ts'
import { toldPool } from './told.ts'

type Created = z.infer<typeof answer>

export async function createPool(call: Call): Promise<Answer> {
  const [name = ''] = call.words
  requireName(name)
  const plan = planOf(rangesOf(call.flags.get('--range') ?? []), {
    ipv4: sizeOf('--block-size', lastOf(call.flags, '--block-size'), 26),
    ipv6: sizeOf('--block-size6', lastOf(call.flags, '--block-size6'), 122),
  })
  const isDry = call.flags.has('--dry-run')
  const outcome = await inStore(call, async ({ keys, operator, run }): Promise<Created['outcome']> => {
    const contents = await run(readContents(keys))
    if (isPresent(name, plan, contents)) return 'present'
    const obstacle = isDry ? await run(obstacleTo(operator, name, plan)) : undefined
    if (obstacle) throw obstacle
    if (!isDry) await run(create(operator, name, plan))
    return isDry ? 'would be created' : 'created'
  })
  const data: Created = { name, outcome, pool: toldPool(plan) }
  return { data, text: () => textOf(data) }
}

function textOf({ name, outcome, pool }: Created): string {
  const what = outcome === 'present' ? 'is there already' : outcome
  return `pool ${name} ${what}: ${pool.ranges.join(' ')}`
}

/** @throws CniError `misuse` */
export function requireName(name: string): void {
  if (!isA(poolName, name))
    throw misuse(
      `${quoted(name)} is no name of a pool`,
      'a name has 1 to 63 letters, digits, ".", "_" or "-", and begins with a letter or digit',
    )
}

/** @throws CniError for another pool of the name */
function isPresent(name: string, plan: Plan, { pools, bad }: Contents): boolean {
  const there = pools.get(name)
  const damaged = bad.find(({ key }) => key.endsWith(`/pools/${name}`))
  if (damaged)
    throw refusal(
      `there is a key of a pool ${name} that is not valid: ${damaged.why}`,
      `etcdctl get ${damaged.key}`,
    )
  if (!there) return false
  if (there.closing)
    throw refusal(`pool ${name} is being deleted`, `to keep it: patchbay pool change ${name} --reopen`)
  if (samePlan(there, plan)) return true
  const { ranges, blockSize } = toldPool(there)
  throw refusal(
    `there is another pool ${name} already`,
    `to change it: patchbay pool change ${name}`,
    `it has ${ranges.join(' ')}, blocks of /${blockSize.ipv4} and /${blockSize.ipv6}`,
  )
}

function refusal(msg: string, hint: string, details?: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint, ...(details !== undefined && { details }) })
}
