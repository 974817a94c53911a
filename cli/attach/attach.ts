/** ADD of a list as a runtime does it: all or nothing, and libcni's cache knows of it. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { withLockAwaiting } from '../../shared/state/lock.ts'
import { misuse } from '../form/arguments.ts'
import { word } from '../form/shell.ts'
import { cachedNow, writeEntry } from '../host/caches.ts'
import type { Chain } from '../host/chain.ts'
import { askInside } from '../host/inside.ts'
import type { Target } from '../host/plugin-call.ts'
import { addBy, plan, type Runner } from './calls.ts'
import { attachLock, deleteBy } from './detach.ts'
import type { List } from './list.ts'
import { requireNetns } from './netns.ts'

/** An attachment to be made. */
export interface Wanted extends Target {
  list: List
  /** CNI_ARGS. */
  args: string
  capabilities: Record<string, unknown>
}

/** How long an ADD may go on: it stops between two plugins. */
export interface Adding extends Runner {
  /** @throws when the operator has interrupted */
  goOn(): void
}

/** What the plugins of a list get. */
export function chainFor({ list, args, capabilities }: Wanted): Chain {
  return { cniVersion: list.cniVersion, plugins: list.plugins, args, capabilities }
}

/**
 * Refuses what a failed ADD, whose DEL deletes the interface, would take away from another attachment; and values that no plugin takes.
 * @throws CniError
 */
export function requireFree(wanted: Wanted): void {
  const { netns, ifname, list, capabilities } = wanted
  const isTaken = (name: string) => list.filled?.includes(name) || list.plugins.some(declares(name))
  const lost = Object.keys(capabilities).find((name) => !isTaken(name))
  if (lost !== undefined)
    throw misuse(
      `no plugin of ${list.network} takes the capability ${JSON.stringify(lost.slice(0, 50))}`,
      'a plugin declares it: "capabilities": {"portMappings": true}',
    )
  const [cached] = cachedNow(wanted)
  if (cached)
    throw new CniError(Code.Internal, {
      msg: `${attachmentKey(wanted)} is attached already`,
      hint: `to attach it anew, delete it first: patchbay del ${wanted.network} ${word(netns)}`,
      path: cached.file,
    })
  if (ifname !== 'lo' && hasInterface(netns, ifname))
    throw new CniError(Code.Internal, {
      msg: `there is an interface ${ifname} in ${netns} already`,
      hint: 'choose another name: --interface eth1',
      see: `nsenter --net=${word(netns)} ip -d link show ${word(ifname)}`,
    })
}

function declares(name: string): (plugin: Record<string, unknown>) => boolean {
  return ({ capabilities }) => (capabilities as Record<string, unknown> | undefined)?.[name] === true
}

/** Whether a container has an interface of the name. @throws CniError of code 8 without the namespace */
export function hasInterface(netns: string, ifname: string): boolean {
  requireNetns(netns)
  return askInside(netns, (socket) => findLink(socket, ifname) !== undefined)
}

/**
 * Attaches. After a failure, of the cache too, DEL of all plugins follows, as runtimes do it.
 * @returns the last plugin's result
 * @throws CniError of the plugin that failed, with the failures of the DEL
 */
export function attach(wanted: Wanted, adding: Adding): Promise<Record<string, unknown>> {
  return withLockAwaiting(attachLock, async () => {
    requireFree(wanted)
    // Finds a plugin that is not installed before the first is called.
    plan('ADD', wanted, chainFor(wanted), adding)
    return addAll(wanted, adding)
  })
}

async function addAll(wanted: Wanted, adding: Adding): Promise<Record<string, unknown>> {
  let chain = chainFor(wanted)
  try {
    for (const plugin of wanted.list.plugins) {
      adding.goOn()
      chain = { ...chain, result: addBy(plugin, wanted, chain, adding) }
    }
    adding.goOn()
    writeEntry({ ...wanted, configuration: wanted.list.text, result: chain.result ?? {} })
    return chain.result ?? {}
  } catch (error) {
    throw await undone(error, wanted, adding)
  }
}

/** Runtimes send this DEL without a prevResult: the ADD had none. */
async function undone(error: unknown, wanted: Wanted, runner: Runner): Promise<CniError> {
  const { code, complaint } = toCniError(error)
  try {
    await deleteBy(wanted, chainFor(wanted), runner)
    return new CniError(code, { ...complaint, cause: error })
  } catch (failure) {
    const also = [...(complaint.also ?? []), toCniError(failure).complaint]
    return new CniError(code, { ...complaint, also, cause: error })
  }
}
