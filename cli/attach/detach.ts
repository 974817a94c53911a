/** DEL and CHECK of an attachment, with the list and the result that libcni's cache has of it. */

import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import { runAll } from '../../shared/error/steps.ts'
import { remove } from '../../shared/kernel/files.ts'
import { withLockIfPossible } from '../../shared/state/lock.ts'
import type { Cached } from '../host/cache-entry.ts'
import { cachedNow } from '../host/caches.ts'
import { type Chain, cachedChain } from '../host/chain.ts'
import { isBeforeCheck, type Target } from '../host/plugin-call.ts'
import { callPlugin, type Runner } from './calls.ts'
import { findList, type Search } from './list.ts'

/** The lock under which attachments are made and deleted by hand. */
export const attachLock = 'attach'

/** What is known of an attachment that was added. */
export interface Known {
  chain: Chain
  /** Of the caches; none when the list is that of a file now. */
  entries: Cached[]
}

/**
 * The list by which it was added, or else the one that its network has now.
 * @param word the network, or its file
 * @throws CniError when neither is there
 */
export async function knownOf(target: Target, word: string, search: Search): Promise<Known> {
  const entries = cachedNow(target)
  const [own] = entries
  if (own) return { chain: cachedChain(own), entries }
  const { cniVersion, plugins } = await findList(word, search)
  return { chain: { cniVersion, plugins, args: '', capabilities: {} }, entries: [] }
}

/** DEL of all plugins, the last first, also after a failure. @throws CniError of the first failure with the others */
export async function deleteBy(target: Target, chain: Chain, runner: Runner): Promise<void> {
  const plugins = chain.plugins.toReversed()
  await runAll(plugins.map((plugin) => () => callPlugin('DEL', plugin, target, chain, runner)))
}

/** Deletes an attachment; after success the caches have it no more. @throws CniError as `deleteBy` */
export async function detach(target: Target, { chain, entries }: Known, runner: Runner): Promise<void> {
  await withLockIfPossible(attachLock, async () => {
    await deleteBy(target, chain, runner)
    for (const { file } of entries) remove(file)
  })
}

/** What CHECK of one plugin found. */
export interface Finding {
  plugin: string
  passes: boolean
  problem?: string
  hint?: string
}

/**
 * CHECK of all plugins; libcni ends with the first that fails.
 * @throws CniError for an attachment that no cache has, and for a version without CHECK
 */
export function check(target: Target, runner: Runner): Finding[] {
  const [own] = cachedNow(target)
  if (!own)
    throw new CniError(Code.UnknownContainer, {
      msg: `no cache has ${target.ifname} of ${target.containerID} in network ${target.network}`,
      hint: 'another container or interface? Name it by --container and --interface; patchbay add attaches',
    })
  const chain = cachedChain(own)
  if (isBeforeCheck(chain.cniVersion))
    throw new CniError(Code.IncompatibleVersion, {
      msg: `its list has cniVersion ${chain.cniVersion}, and CHECK came with 0.4.0`,
      hint: 'set "cniVersion": "1.0.0", and attach it anew',
    })
  if (own.configuration.disableCheck === true) return []
  return chain.plugins.map((plugin) => findingOf(plugin, target, chain, runner))
}

function findingOf(plugin: Record<string, unknown>, target: Target, chain: Chain, runner: Runner): Finding {
  const name = String(plugin.type)
  try {
    callPlugin('CHECK', plugin, target, chain, runner)
    return { plugin: name, passes: true }
  } catch (error) {
    const { message, details } = toCniError(error)
    return { plugin: name, passes: false, problem: message, ...(details && { hint: details }) }
  }
}
