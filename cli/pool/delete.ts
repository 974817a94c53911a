/** `patchbay pool delete`. */

import type * as z from 'zod'
import { CniError, Code } from '../../shared/error/error.ts'
import { deletePool as remove } from '../../shared/store/claims/pools.ts'
import type { answer } from '../answers/pool-delete.ts'
import { compared } from '../form/sort.ts'
import type { Answer, Call } from '../form/verb.ts'
import { type Contents, readContents } from './contents.ts'
import { inStore } from './session.ts'
import { requirePool } from './show.ts'

type Deleted = z.infer<typeof answer>

export async function deletePool(call: Call): Promise<Answer> {
  const [name = ''] = call.words
  const isDry = call.flags.has('--dry-run')
  const data = await inStore(call, async ({ keys, operator, run }): Promise<Deleted> => {
    const contents = await run(readContents(keys))
    requirePool(name, contents)
    const holders = holdersOf(name, contents)
    if (holders.length > 0 && !call.flags.has('--close')) throw inUse(name, holders)
    const { deleted } = await run(remove(operator, name, isDry))
    const outcome = deleted ? 'deleted' : 'closing'
    return { name, outcome: isDry ? `would be ${outcome}` : outcome, holders }
  })
  return { data, text: () => textOf(data) }
}

function textOf({ name, outcome, holders }: Deleted): string {
  if (holders.length === 0) return `pool ${name} ${outcome}`
  return `pool ${name} ${outcome}: it gives no new address, and is deleted by a second call when these have given all back: ${namesOf(holders)}`
}

/** Hosts that hold something, those with the most blocks first. */
function holdersOf(name: string, { blocks, singles }: Contents): Deleted['holders'] {
  const own = [...blocks, ...singles].filter(({ pool }) => pool === name)
  const count = (host: string, list: readonly { pool: string; host: string }[]) =>
    list.filter((one) => one.pool === name && one.host === host).length
  return [...new Set(own.map(({ host }) => host))]
    .map((host) => ({ host, blocks: count(host, blocks), singles: count(host, singles) }))
    .sort((one, other) => other.blocks - one.blocks || compared(one.host, other.host))
}

/** So many hosts are named. */
const named = 8

function namesOf(holders: Deleted['holders']): string {
  const more = holders.length - named
  const names = holders
    .slice(0, named)
    .map(
      ({ host, blocks, singles }) =>
        `${host} (${blocks} blocks${singles > 0 ? `, ${singles} addresses` : ''})`,
    )
  return [...names, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}

function inUse(name: string, holders: Deleted['holders']): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `pool ${name} is in use: ${holders.length} hosts hold blocks of it`,
    details: namesOf(holders),
    hint: `to let it run out: patchbay pool delete ${name} --close; a host that is gone for ever: patchbay pool release --host NAME`,
    see: `patchbay pool show ${name}`,
  })
}
