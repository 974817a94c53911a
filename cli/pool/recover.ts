/** `patchbay pool recover`. */

import type * as z from 'zod'
import { leftBy, recover } from '../../shared/store/claims/recover.ts'
import type { answer } from '../answers/pool-recover.ts'
import { optional } from '../form/optional.ts'
import type { Page } from '../form/page.ts'
import { compared } from '../form/sort.ts'
import { type Column, table } from '../form/table.ts'
import type { Answer, Call } from '../form/verb.ts'
import { timeIn } from '../host/values.ts'
import { type Contents, readContents } from './contents.ts'
import { inStore } from './session.ts'
import { agoOf } from './shown-text.ts'

type Recovered = z.infer<typeof answer>

export async function recoverStore(call: Call): Promise<Answer> {
  const data = await inStore(call, async ({ keys, operator, run }): Promise<Recovered> => {
    const before = await run(readContents(keys))
    const opens = call.flags.has('--open') && before.epoch?.state === 'closed'
    if (opens) await run(recover(operator))
    return toldRoll(opens ? await run(readContents(keys)) : before, opens)
  })
  return { data, text: (page) => textOf(page, data), status: data.state === 'closed' ? 1 : 0 }
}

function toldRoll({ epoch, hosts, blocks, singles }: Contents, opened: boolean): Recovered {
  return {
    state: epoch?.state ?? 'new',
    ...optional({ since: epoch && timeIn(epoch.since) }),
    opened,
    hosts: [...hosts]
      .sort(([one], [other]) => compared(one, other))
      .map(([host, value]) => ({
        host,
        confirmed: value.epoch === epoch?.id,
        ...optional({ seen: timeIn(value.seen) }),
      })),
    left: leftBy([...blocks, ...singles], hosts.values()),
  }
}

const columns: Column<Recovered['hosts'][number]>[] = [
  { title: 'HOST', cell: ({ host }) => host },
  { title: 'CONFIRMED', cell: ({ confirmed }) => (confirmed ? 'yes' : { text: 'no', colour: 'yellow' }) },
  { title: 'SEEN', cell: ({ seen }) => agoOf(seen), right: true },
]

function textOf(page: Page, told: Recovered): string {
  const { state, since, opened, hosts } = told
  if (state === 'new') return 'no host has claimed in this store yet'
  const late = hosts.filter(({ confirmed }) => !confirmed)
  const times = since === undefined ? '' : ` since ${since}`
  const head = opened ? 'opened: hosts claim blocks again' : `${state}${times}`
  if (state === 'open' && late.length === 0) return `${head}: ${hosts.length} hosts`
  const next = state === 'open' ? '' : nextStep(told, late.length)
  return [head, '', table(page, columns, state === 'open' ? late : hosts), ...(next ? ['', next] : [])].join(
    '\n',
  )
}

function nextStep({ hosts, left }: Recovered, late: number): string {
  if (late > 0)
    return `${late} of ${hosts.length} hosts have not confirmed. Wait for them; one that is gone for ever: patchbay pool release --host NAME`
  if (left.length > 0)
    return `the release of ${left.join(' ')} was cut short: patchbay pool release --host ${left[0]} --earlier`
  return 'all hosts of the list have confirmed. When those that joined after the backup are in it, too: patchbay pool recover --open'
}
