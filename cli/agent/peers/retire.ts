/** Takes back what a host has published of VNIs that it serves no more. `pool release` does it for a host that is gone. */

import { entriesBelow } from '../../../shared/store/claims/pages.ts'
import { perform } from '../../../shared/store/connection.ts'
import { allBelow } from '../../../shared/store/keys.ts'
import { wrongOf } from '../states.ts'
import { worker } from '../worker.ts'
import type { Workplace } from './workplace.ts'

export interface Retirement {
  /** This host serves a VNI no more. */
  add(vni: number): void
  /** It serves it again. */
  cancel(vni: number): void
  /** All is removed, the first time also what was left before the agent began. */
  soon(): void
  stop(): Promise<void>
}

type Where = Pick<Workplace, 'connection' | 'keys' | 'host' | 'faults'>

/** @param living what is on this host when the agent begins @param isServed whether the agent publishes a VNI now */
export function openRetirement(
  where: Where,
  living: () => readonly { vni: number }[],
  isServed: (vni: number) => boolean,
): Retirement {
  /** What is still published. */
  const retiring = new Set<number>()
  let hasSwept = false
  const work = worker(
    async () => {
      if (!hasSwept) await sweep()
      for (const vni of retiring) await retire(vni)
      where.faults.set('peers: removal', undefined)
    },
    (error) => where.faults.set('peers: removal', wrongOf(error)),
  )

  async function sweep(): Promise<void> {
    const published = await servedInStore(where)
    const kept = new Set(living().map(({ vni }) => vni))
    for (const vni of published) if (!kept.has(vni)) retiring.add(vni)
    hasSwept = true
  }

  /** Meanwhile the VNI may be served, and be served no more. */
  async function retire(vni: number): Promise<void> {
    retiring.delete(vni)
    if (isServed(vni)) return
    try {
      await removeAll(where, vni)
    } catch (error) {
      retiring.add(vni)
      throw error
    }
  }

  return {
    add: (vni) => void retiring.add(vni),
    cancel: (vni) => void retiring.delete(vni),
    soon: () => work.soon(),
    stop: work.stop,
  }
}

/** The VNIs of which the store says that a host serves them. */
async function servedInStore({ connection, keys, host }: Where): Promise<number[]> {
  const prefix = keys.vteps()
  const entries = await perform(connection, () => ({ done: false }), entriesBelow(prefix, true))
  return entries.flatMap(({ key }) => {
    const [vni = '', name] = key.slice(prefix.length).split('/')
    return name === host && /^\d{1,8}$/.test(vni) ? [Number(vni)] : []
  })
}

/** Removes a host's keys of a VNI. */
async function removeAll({ connection, keys, host }: Where, vni: number): Promise<void> {
  await connection.ask({
    kind: 'transact',
    when: [],
    do: [{ remove: { from: keys.vtep(vni, host) } }, { remove: allBelow(keys.neighbours(vni, host)) }],
    otherwise: [],
  })
}
