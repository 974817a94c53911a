/** Namespaces with a name that are attached to networks, for programs that no container runtime starts. */

import { CniError, toCniError } from '../../shared/error/error.ts'
import { runAll } from '../../shared/error/steps.ts'
import { addNamespace, deleteNamespace } from '../../shared/kernel/named-namespace.ts'
import { closeNamespace, openNamespaceIfAny } from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { changeLink } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { Cached } from '../host/cache-entry.ts'
import { cachedNow, readCaches } from '../host/caches.ts'
import { cachedChain } from '../host/chain.ts'
import { askInside } from '../host/inside.ts'
import type { LeftOut } from '../host/left-out.ts'
import { type Adding, attach, chainFor, hasInterface, type Wanted } from './attach.ts'
import type { Runner } from './calls.ts'
import { detach } from './detach.ts'
import { requireNetns } from './netns.ts'

/** How the namespaces and containers of `patchbay test` are called; with --keep they stay for `netns down`. */
export const trialPrefix = 'patchbay-test-'

/** What `up` made or found. */
export interface Upped {
  network: string
  interface: string
  /** `there`: it was attached before. */
  state: 'added' | 'there'
  result: Record<string, unknown>
}

/** What of libcni's caches belongs to a namespace, by its path or its container ID. @throws KernelError */
export function cachedOf(path: string, containerID: string, leftOut: LeftOut): Cached[] {
  return readCaches(leftOut).filter((one) => one.netns.includes(path) || one.containerID === containerID)
}

/** Whether a path leads to a network namespace; not so is the plain file that a lost mount leaves. */
export function isThere(path: string): boolean {
  const namespace = stat(path) && openNamespaceIfAny(path)
  if (namespace) closeNamespace(namespace)
  return namespace !== undefined
}

/**
 * Makes a namespace unless it is there, and attaches what is not attached. After a failure all that this call made is gone again.
 * @param earlier what the caches have of it; deleted where the interface is gone, as after a boot
 */
export async function up(
  path: string,
  wanted: readonly Wanted[],
  earlier: readonly Cached[],
  adding: Adding,
): Promise<Upped[]> {
  const undo: (() => unknown)[] = []
  try {
    if (!isThere(path)) {
      deleteNamespace(path)
      addNamespace(path)
      undo.push(() => deleteNamespace(path))
    }
    setLoopbackUp(path)
    const done: Upped[] = []
    for (const one of wanted) {
      const { upped, inverse } = await ensure(one, earlier, adding)
      done.push(upped)
      if (inverse) undo.push(inverse)
    }
    return done
  } catch (error) {
    throw await afterUndo(error, undo)
  }
}

async function ensure(one: Wanted, earlier: readonly Cached[], adding: Adding) {
  const { network, ifname, netns } = one
  const entries = earlier.filter((entry) => entry.ifname === ifname)
  const own = entries.find((entry) => entry.network === network)
  const isLinked = hasInterface(netns, ifname)
  if (own && isLinked)
    return { upped: { network, interface: ifname, state: 'there' as const, result: own.result ?? {} } }
  // Of an earlier namespace of the name; with its interface, it is attach() that refuses.
  if (!isLinked) for (const entry of entries) await detachEntry(entry, netns, adding)
  const result = await attach(one, adding)
  const inverse = () => detach(one, { chain: { ...chainFor(one), result }, entries: cachedNow(one) }, adding)
  return { upped: { network, interface: ifname, state: 'added' as const, result }, inverse }
}

function setLoopbackUp(path: string): void {
  requireNetns(path)
  askInside(path, (socket) => ask(socket, changeLink({ name: 'lo' }, { up: true })))
}

async function afterUndo(error: unknown, undo: readonly (() => unknown)[]): Promise<CniError> {
  const { code, complaint } = toCniError(error)
  try {
    await runAll(undo.toReversed())
    return new CniError(code, { ...complaint, cause: error })
  } catch (failure) {
    const also = [...(complaint.also ?? []), toCniError(failure).complaint]
    return new CniError(code, { ...complaint, also, cause: error })
  }
}

/** DEL of one entry, wherever the list's file is by now. */
function detachEntry(entry: Cached, netns: string, runner: Runner): Promise<void> {
  return detach({ ...entry, netns }, { chain: cachedChain(entry), entries: [entry] }, runner)
}

/**
 * Deletes all attachments, the last interface first, and then the namespace, also after a failure.
 * @returns whether there was anything
 * @throws CniError of the first failure with the others; its entry stays in the cache, and `patchbay gc` deletes it later
 */
export async function down(path: string, entries: readonly Cached[], runner: Runner): Promise<boolean> {
  const later = entries.toSorted((one, other) => compareIfnames(other.ifname, one.ifname))
  let wasThere = false
  await runAll([
    ...later.map((entry) => () => detachEntry(entry, path, runner)),
    () => {
      wasThere = deleteNamespace(path)
    },
  ])
  return wasThere || entries.length > 0
}

/** eth9 comes before eth10. */
function compareIfnames(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1)
}
