/** What the pool part knows by this host's files: the networks that hold something of the store, how full they are, and what to do. */

import type { Network } from '../../../shared/store/claims/host.ts'
import { allHoldings, readHost } from '../../../shared/store/files.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { type States, wrongOf } from '../states.ts'
import { type Fullness, fullnessOf } from './fills.ts'
import { plan, type Remembered, type Task } from './plan.ts'

export interface Local {
  /** Reads the files. @param store the store's own ID: networks of others are not ours @throws KernelError */
  look(configured: readonly Network[], store: string | undefined): void
  seen(): readonly Fullness[]
  /** All networks of the store, those without a file too. */
  networks(): Network[]
  /** Where its files are, and where a network's directory appears with its first container. */
  directories(): string[]
  /** How long the last look took, milliseconds. */
  took(): number
  /** What is to be done, and when to look again, milliseconds. */
  plan(now: number, emptyFor: number): { tasks: Task[]; next: number }
  /** Something was not empty after all: its time begins anew. */
  forget(task: Task): void
}

const nameOf = ({ dataDir, network }: Pick<Network, 'dataDir' | 'network'>) => `${dataDir}/${network}`

export function localOf(states: States): Local {
  const remembered = new Map<string, Remembered>()
  let [configured, seen]: [readonly Network[], Fullness[]] = [[], []]
  let [dataDirs, took]: [string[], number] = [[], 0]
  return {
    look(networks, store) {
      const begun = performance.now()
      configured = networks
      dataDirs = [...new Set([...networks.map(({ dataDir }) => dataDir), ...(readHost()?.dataDirs ?? [])])]
      seen = readable(
        allHoldings(dataDirs).filter((one) => one.store === store),
        states,
      )
      took = performance.now() - begun
    },
    seen: () => seen,
    networks: () => {
      const others = seen.map(({ holdings: { network, dataDir, pool } }) => ({ network, dataDir, pool }))
      return [...new Map([...others, ...configured].map((one) => [nameOf(one), one])).values()]
    },
    directories: () => [
      ...dataDirs.flatMap((one) => [one, `${one}/.patchbay-pool`]),
      ...seen.map(({ holdings }) => nameOf(holdings)),
    ],
    took: () => took,
    plan(now, emptyFor) {
      const plans = seen.map((one) => {
        const name = nameOf(one.holdings)
        const { pool } = one.holdings
        const isConfigured = configured.some((network) => nameOf(network) === name && network.pool === pool)
        const before = remembered.get(name) ?? { since: new Map() }
        const planned = plan(one, before, { now, emptyFor, isConfigured })
        remembered.set(name, planned.remembered)
        return planned
      })
      return {
        tasks: plans.flatMap(({ tasks }) => tasks),
        next: Math.min(...plans.map(({ next = Number.POSITIVE_INFINITY }) => next)),
      }
    },
    forget: ({ holdings }) => void remembered.delete(nameOf(holdings)),
  }
}

/** Those whose directory and ranges can be read; what is wrong with the others is told. */
function readable(all: readonly Holdings[], states: States): Fullness[] {
  const wrong = new Map<string, string>()
  const seen = all.flatMap((holdings) => {
    try {
      return [fullnessOf(holdings)]
    } catch (error) {
      wrong.set(`files of network ${holdings.network}`, wrongOf(error))
      return []
    }
  })
  states.only('files of network ', wrong)
  return seen
}
