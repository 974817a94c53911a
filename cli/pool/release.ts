/** `patchbay pool release`. */

import type * as z from 'zod'
import { type Estate, estateOf, releaseHost as release } from '../../shared/store/claims/release.ts'
import { hostName } from '../../shared/store/words.ts'
import type { answer } from '../answers/pool-release.ts'
import { ageOf, shortAge } from '../form/age.ts'
import { misuse } from '../form/arguments.ts'
import { optional } from '../form/optional.ts'
import type { Page } from '../form/page.ts'
import { quoted } from '../form/slip.ts'
import { type Answer, type Call, lastOf } from '../form/verb.ts'
import { isA, timeIn } from '../host/values.ts'
import { inStore } from './session.ts'
import { blocksTable } from './told.ts'

type Released = z.infer<typeof answer>

export async function releaseHost(call: Call): Promise<Answer> {
  const name = lastOf(call.flags, '--host')
  if (name === undefined)
    throw misuse('which host: give --host NAME', 'patchbay pool show POOL has the names')
  if (!isA(hostName, name)) throw misuse(`--host ${quoted(name)} is no host name`)
  const isDry = call.flags.has('--dry-run')
  const data = await inStore(call, async ({ keys, host, operator, run }): Promise<Released> => {
    const does = call.flags.has('--yes') && !isDry
    const estate = await run(does ? release(operator, name) : estateOf(operator, name))
    const told = toldEstate(estate, keys, name === host)
    if (isEmpty(told)) return { ...told, outcome: 'unknown' }
    return { ...told, outcome: does ? 'released' : isDry ? 'would be released' : 'needs --yes' }
  })
  return { data, text: (page) => textOf(page, data), status: isRefused(data) ? 1 : 0 }
}

const isRefused = ({ outcome }: Released) => outcome === 'needs --yes' || outcome === 'unknown'

function isEmpty({ registered, blocks, singles, peers }: Omit<Released, 'outcome'>): boolean {
  return !registered && blocks.length + singles.length + peers === 0
}

type Keys = Parameters<Parameters<typeof inStore>[1]>[0]['keys']

function toldEstate({ name, host, blocks, singles, others }: Estate, keys: Keys, isOwn: boolean) {
  const poolIn = (key: string, prefix: string) => key.slice(prefix.length).split('/')[0] ?? ''
  return {
    host: name,
    registered: host !== undefined,
    ...optional({ seen: host && timeIn(host.value.seen) }),
    warnings: warningsOf(host && timeIn(host.value.seen), isOwn),
    blocks: blocks.map(({ key, value: { block, network } }) => ({
      ...{ pool: poolIn(key, keys.blocks()), host: name, network, block },
    })),
    singles: singles.map(({ key, value: { address, network } }) => ({
      ...{ pool: poolIn(key, keys.singles()), address, network },
    })),
    peers: others.length,
  }
}

/** The agent writes to the host's key every ten minutes, and clocks may differ. Seconds. */
const lately = 3600

function warningsOf(seen: string | undefined, isOwn: boolean): string[] {
  const age = seen === undefined ? undefined : ageOf(BigInt(Date.parse(seen)) * 1_000_000n)
  return [
    ...(isOwn
      ? ['it has the name of this host: right only if this one was installed anew, or has no container']
      : []),
    ...(age !== undefined && age < lately
      ? [`it was seen ${shortAge(age)} ago: its agent may be running, and its containers may live`]
      : []),
  ]
}

function textOf(page: Page, data: Released): string {
  const { host, outcome, blocks, singles, peers, warnings, seen } = data
  if (outcome === 'unknown')
    return `the store has nothing of a host ${host}: patchbay pool show POOL has the names`
  const parts = [`${blocks.length} blocks`, `${singles.length} single addresses`, `${peers} keys of peers`]
  const what = outcome === 'needs --yes' ? 'would be released' : outcome
  return [
    `${host}${seen === undefined ? '' : `, seen last at ${seen}`}: ${parts.join(', ')} ${what}`,
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(blocks.length > 0 ? ['', blocksTable(page, blocks)] : []),
    ...(outcome === 'needs --yes'
      ? ['', `nothing was changed. If the host is gone for ever: patchbay pool release --host ${host} --yes`]
      : []),
  ].join('\n')
}
