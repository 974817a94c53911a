/** Chooses between nftables and iptables by what the kernel answers. Programs and modules are not looked up. */

import { CniError, Code, factsOf, toCniError } from '../error/error.ts'
import type { KernelError } from '../kernel/errno.ts'
import { isUnsupported } from './unsupported.ts'

export type BackEnd = 'nftables' | 'iptables'

/** What is to be done: words for errors, and the key of the configuration that names the back end. */
interface Task {
  /** Completes "the kernel cannot …". */
  verb: string
  key: string
}

interface Ways {
  nftables(): void
  iptables(): Promise<void>
}

/**
 * Does something by the back end that is asked for; without one by nftables, or by iptables where the kernel lacks that.
 * @returns which has done it @throws CniError where none can, with the reason of each
 */
export async function byBackEnd(task: Task, wanted: BackEnd | undefined, ways: Ways): Promise<BackEnd> {
  const rejected = wanted === 'iptables' ? undefined : attempt(ways.nftables)
  if (wanted !== 'iptables' && !rejected) return 'nftables'
  if (rejected && wanted === 'nftables') throw unusable(task, rejected)
  await ways.iptables().catch((error) => {
    throw rejected ? bothUnusable(task, toCniError(error), rejected) : error
  })
  return 'iptables'
}

/** Why a task cannot be done; undefined when it can. @param asks by a question that changes nothing */
export async function whyImpossible(
  task: Task,
  wanted: BackEnd | undefined,
  asks: { nftables(): void },
): Promise<string | undefined> {
  if (wanted === 'iptables') return whyNotIptables()
  const rejected = attempt(asks.nftables)
  if (!rejected) return undefined
  if (wanted === 'nftables') return unusable(task, rejected).message
  const reason = await whyNotIptables()
  return reason && `nftables: ${rejected.message}; iptables: ${reason}`
}

async function whyNotIptables(): Promise<string | undefined> {
  const reason = (await import('./iptables.ts')).whyUnusable()
  return reason && `${reason}: install the package iptables`
}

/** Runs an action of the nftables back end. @returns the error when the kernel lacks nftables @throws all other errors */
function attempt(action: () => void): KernelError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (isUnsupported(error)) return error as KernelError
    throw error
  }
}

function unusable({ verb, key }: Task, rejected: KernelError): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: `the kernel cannot ${verb} by nftables: ${rejected.message}`,
    hint: `load the kernel modules nf_tables, nft_chain_nat and nft_masq, or set "${key}" to "iptables"`,
    ...factsOf(rejected),
  })
}

function bothUnusable({ verb }: Task, error: CniError, rejected: KernelError): CniError {
  const msg = `neither back end can ${verb}. nftables: ${rejected.message}. iptables: ${error.message}`
  return new CniError(error.code, { ...error.complaint, msg, errno: rejected.errno, cause: error })
}
