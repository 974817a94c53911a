/** `patchbay pool release`. */

import type * as z from 'zod'
import {
  type Estate,
  estateOf,
  leftOf,
  releaseHost as release,
  releaseLeft,
} from '../../shared/store/claims/release.ts'
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
  const isEarlier = call.flags.has('--earlier')
  const [free, look] = isEarlier ? [releaseLeft, leftOf] : [release, estateOf]
  const data = await inStore(call, async ({ keys, host, operator, run }): Promise<Released> => {
    const does = call.flags.has('--yes') && !isDry
    const estate = await run(does ? free(operator, name) : look(operator, name))
    const told = toldEstate(estate, keys, warningsOf(estate, { isOwn: name === host, isEarlier }))
    if (isEmpty(told, isEarlier)) return { ...told, outcome: 'unknown' }
    return { ...told, outcome: does ? 'released' : isDry ? 'would be released' : 'needs --yes' }
  })
  return { data, text: (page) => textOf(page, data, isEarlier), status: isRefused(data) ? 1 : 0 }
}

const isRefused = ({ outcome }: Released) => outcome === 'needs --yes' || outcome === 'unknown'

function isEmpty(
  { registered, blocks, singles, peers }: Omit<Released, 'outcome'>,
  isEarlier: boolean,
): boolean {
  return (isEarlier || !registered) && blocks.length + singles.length + peers === 0
}

type Keys = Parameters<Parameters<typeof inStore>[1]>[0]['keys']

function toldEstate({ name, own, host, blocks, singles, others }: Estate, keys: Keys, warnings: string[]) {
  const poolIn = (key: string, prefix: string) => key.slice(prefix.length).split('/')[0] ?? ''
  return {
    host: name,
    registered: own !== undefined,
    ...optional({ seen: host && timeIn(host.value.seen) }),
    warnings,
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

interface Case {
  isOwn: boolean
  isEarlier: boolean
}

function warningsOf({ name, host, blocks, singles }: Estate, { isOwn, isEarlier }: Case): string[] {
  if (isEarlier) return []
  const seen = host && timeIn(host.value.seen)
  const age = seen === undefined ? undefined : ageOf(BigInt(Date.parse(seen)) * 1_000_000n)
  const earlier = [...blocks, ...singles].filter(({ value }) => host && value.id !== host.value.id)
  return [
    ...(isOwn
      ? ['it has the name of this host: right only if this one was installed anew, or has no container']
      : []),
    ...(age !== undefined && age < lately
      ? [`it was seen ${shortAge(age)} ago: its agent may be running, and its containers may live`]
      : []),
    ...(earlier.length > 0
      ? [
          `${earlier.length} keys are of an earlier installation: pool release --host ${name} --earlier frees those alone`,
        ]
      : []),
  ]
}

function textOf(page: Page, data: Released, isEarlier: boolean): string {
  const { host, outcome, blocks, singles, peers, warnings, seen } = data
  if (outcome === 'unknown') return unknownText(host, isEarlier)
  const parts = [`${blocks.length} blocks`, `${singles.length} single addresses`, `${peers} keys of peers`]
  const what = outcome === 'needs --yes' ? 'would be released' : outcome
  return [
    `${host}${seen === undefined ? '' : `, seen last at ${seen}`}: ${parts.join(', ')} ${what}`,
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(blocks.length > 0 ? ['', blocksTable(page, blocks)] : []),
    ...(outcome === 'needs --yes'
      ? ['', `nothing was changed. ${isEarlier ? earlierAdvice : goneAdvice} --host ${host} --yes`]
      : []),
  ].join('\n')
}

const goneAdvice = 'If the host is gone for ever: patchbay pool release'
const earlierAdvice = 'If no container of that time lives: patchbay pool release --earlier'

function unknownText(host: string, isEarlier: boolean): string {
  return isEarlier
    ? `the store has nothing of an earlier installation of ${host}`
    : `the store has nothing of a host ${host}: patchbay pool show POOL has the names`
}
